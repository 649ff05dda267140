"""Rules taken away, one set for each harness: with them it must find violations, or it proves nothing."""

from faults.source import Change

LATE_REVOCATION = (
    # a revocation that reaches nodes late, as with a cache or a replica
    Change(
        "domain/sign_in.py",
        "    if code.revoked_at is not None:\n        return Denied(Denial.CODE_REVOKED)",
        "    if code.revoked_at is not None and (now - code.revoked_at).total_seconds() > 5:\n"
        "        return Denied(Denial.CODE_REVOKED)",
    ),
    Change("store/opening.py", "        qr_codes.c.revoked_at.is_(None),\n", ""),
    # sessions that do not ask for their code
    Change("store/session.py", "qr_codes.c.revoked_at.is_(None) if ends_with_code else sa.true()", "sa.true()"),
)
CACHED_READS = (
    Change(
        "graph/qr_code_pin.py",
        "    return await request.installation.database.read("
        "lambda tx: services.read_method(tx, request.call, request.user))\n",
        "    import time\n"
        "    kept = _read.__dict__.get(request.user)\n"
        "    if kept is None or time.monotonic() - kept[0] > 5:\n"
        "        fresh = await request.installation.database.read(\n"
        "            lambda tx: services.read_method(tx, request.call, request.user)\n"
        "        )\n"
        "        kept = _read.__dict__[request.user] = (time.monotonic(), fresh)\n"
        "    return kept[1]\n",
    ),
)
HASHED_FIRST = (
    # the order that a charge in front is there to prevent: look, hash, then count
    Change(
        "portal/sign_in.py",
        "            charged = await _charge(installation, step, key)\n",
        "            from badgepin.store import pin as pin_rows\n"
        "            early = await installation.database.read(lambda tx: sign_in.open_proof(tx, step.attempt, key))\n"
        "            if isinstance(early, sign_in.OpenProof):\n"
        "                holder = early.badge.holder.id\n"
        "                tried = await installation.database.read(\n"
        "                    lambda tx: pin_rows.get_pin(tx, step.tenant.id, holder)\n"
        "                )\n"
        "                await slot.is_pin(digits, tried.hashed, PinRow(holder, tried.id, tried.version))\n"
        "            charged = await _charge(installation, step, key)\n",
    ),
)
USED_AGAIN = (
    Change(
        "store/sign_in.py",
        ".on_conflict_do_nothing()\n    )\n    return used.rowcount == 1\n",
        ".on_conflict_do_nothing()\n    )\n    return True\n",
    ),
    # a proof whose use is looked at when a guess is charged, and not when its session is opened
    Change(
        "services/sign_in.py", "    if proof.consumed_at is not None or proof.expires_at", "    if proof.expires_at"
    ),
    Change(
        "store/opening.py",
        "        .where(proofs.c.consumed_at.is_(None), proofs.c.expires_at > _AT)\n",
        "        .where(proofs.c.expires_at > _AT)\n",
    ),
    Change("store/grant.py", "        .with_for_update(of=[code])\n", ""),
    Change("store/grant.py", "    return used.rowcount == 1\n", "    return True\n"),
    Change(
        "services/authorization.py",
        "    raw = hmac.new(key.key, _SUCCESSOR + token.encode(), hashlib.sha256).digest()\n",
        "    raw = secrets.token_bytes(32)\n",
    ),
)
WRITING_CHALLENGES = (
    Change(
        "portal/sign_in.py",
        '    return StepAnswer(200, {"challenge": challenge,',
        "    await installation.database.write(\n"
        "        lambda tx: sign_in.store.use_nonce(\n"
        "            tx, step.tenant.id, digest_of(challenge),\n"
        "            expires_at=step.attempt.now + LIFE, now=step.attempt.now\n"
        "        )\n"
        "    )\n"
        '    return StepAnswer(200, {"challenge": challenge,',
    ),
)
HOST_DECIDES = (
    Change(
        "web/node_clock.py",
        "        return self.host() if heard is None else heard.time + timedelta(seconds=self._steady() - heard.at)\n",
        "        return self.host()\n",
    ),
    # it would be always right about itself
    Change(
        "web/node_clock.py",
        "        is_off = abs(self.host() - self()) > _MOST_DRIFT\n",
        "        is_off = abs(self.host() - theirs) > _MOST_DRIFT\n",
    ),
)
LIVES_UNBOUND = (
    Change(
        "domain/session.py", "    return min(now + rules.overall, code_expire_at)\n", "    return now + rules.overall\n"
    ),
    Change(
        "domain/session.py",
        "        return min(self.expires_at, self.code_expire_at)\n",
        "        return self.expires_at\n",
    ),
)
KEYS_NEVER_REREAD = (Change("app.py", "    run_key_ring_keeper,\n    run_backups,\n", "    run_backups,\n"),)
DONE_ANYWAY = (
    # an error of the database taken for success
    Change(
        "graph/dispatch.py",
        '            log.warning("request %s: %s", request_id, type(error).__name__, exc_info=error)\n'
        "            raise unavailable() from error\n",
        "            return GraphResponse(204)\n",
    ),
)
