"""What an administrator should know about the installation, each with what to do about it.

`badgepin doctor` looks at more: at files, at every key, at what the listener would say.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from badgepin.crypto.certificate import CertificateRefused, read_certificate
from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.caller import Call, RoleGrant
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_role import GLOBAL_ADMINISTRATOR
from badgepin.domain.finding import Finding, Verdict
from badgepin.services.health import check_clock, check_keys, check_schema, unsafe_setting
from badgepin.services.passkey import list_holders
from badgepin.services.standing import require
from badgepin.settings import Settings
from badgepin.store import audit_chain, audit_checkpoint, health
from badgepin.store.transaction import Transaction

SIGNING_KEY_LIFE = timedelta(days=90)
"""How old the key that signs tokens may become."""
LEAST_FREE = 500 * 1024 * 1024
"""Bytes on the disk below which the installation is in danger."""
_UNSIGNED_LIFE = timedelta(minutes=10)
_ENOUGH_ADMINISTRATORS = 2


@dataclass(frozen=True)
class Node:
    """What this node runs with. `keys_trouble`: why it did not take the file's keys; `host_time`: its host's clock."""

    settings: Settings
    keys: KeyRing
    keys_trouble: str | None
    host_time: datetime


def examine(tx: Transaction, call: Call, node: Node) -> list[Finding]:
    """Every finding, the good ones too. Raises `NotPermitted`."""
    require(tx, call, DirectoryAction.READ_HEALTH)
    return [
        _version(),
        _database(tx),
        *_in_database(tx, node),
        _signing_key(node.keys, call.now),
        *_audit_log(tx, call, node.settings),
        _administrators(tx, call),
        *_certificate(node.settings, call.now),
        *_disk(node.settings),
    ]


def _made(check: str, verdict: Verdict, code: str, sentence: str, **values: object) -> Finding:
    text = {name: str(value) for name, value in values.items()}
    return Finding(check, verdict, sentence.format_map(text), code, tuple(text.items()))


def _version() -> Finding:
    return _made("version", Verdict.OK, "version", "Badgepin {version}.", version=version("badgepin"))


def _database(tx: Transaction) -> Finding:
    sentence = "It answers: {product} {version}."
    product, its_version = health.product(tx)
    return _made("database", Verdict.OK, "database", sentence, product=product, version=its_version)


def _in_database(tx: Transaction, node: Node) -> Iterator[Finding]:
    safe = node.settings.high_availability
    checks: tuple[tuple[str, str, Callable[[], str | None]], ...] = (
        ("schema", "It is the one that this version needs.", lambda: check_schema(tx)),
        ("clock", "This host's clock agrees with the database.", lambda: check_clock(tx, node.host_time)),
        ("durability", "What was acknowledged outlives a crash.", lambda: unsafe_setting(tx, high_availability=safe)),
        ("keys", "The key ring opens what is kept.", lambda: node.keys_trouble or check_keys(tx, node.keys)),
    )
    for check, good, look in checks:
        wrong = look()
        if wrong is None:
            yield _made(check, Verdict.OK, check, good)
        else:
            yield Finding(check, Verdict.WRONG, wrong, f"{check}Wrong", (("detail", wrong),))


def _signing_key(keys: KeyRing, now: datetime) -> Finding:
    age = now - keys.active_signing_key.active_at
    if age > SIGNING_KEY_LIFE:
        sentence = "It is {days} days old: run `badgepin keys rotate`."
        return _made("signingKey", Verdict.ADVICE, "signingKeyOld", sentence, days=age.days)
    return _made("signingKey", Verdict.OK, "signingKey", "It is {days} days old.", days=max(age.days, 0))


def _audit_log(tx: Transaction, call: Call, settings: Settings) -> Iterator[Finding]:
    mine = [each for each in audit_checkpoint.list_progress(tx) if each.tenant_id == call.tenant_id]
    for each in mine:
        open_since = each.signed_at or call.now
        if each.seq != (each.signed_seq or 0) and call.now - open_since > _UNSIGNED_LIFE:
            sentence = "The newest {count} events are not signed yet: look into the servers' logs."
            count = each.seq - (each.signed_seq or 0)
            yield _made("auditLog", Verdict.WRONG, "auditLogLate", sentence, count=count)
        else:
            waiting = audit_chain.count_waiting(tx, call.tenant_id)
            sentence = "{count} events stand in the chain, {waiting} wait for their place."
            yield _made("auditLog", Verdict.OK, "auditLog", sentence, count=each.seq, waiting=waiting)
    if settings.audit_anchors:
        sentence = "Signed checkpoints also go to {count} places outside of the database."
        yield _made("anchors", Verdict.OK, "anchors", sentence, count=len(settings.audit_anchors))
    else:
        sentence = "Signed checkpoints stay in this database only: name a place elsewhere in `audit_anchors`."
        yield _made("anchors", Verdict.ADVICE, "anchorsNone", sentence)


def _administrators(tx: Transaction, call: Call) -> Finding:
    role = RoleGrant(GLOBAL_ADMINISTRATOR)
    able = [each for each in list_holders(tx, call) if each.passkeys and each.person.is_enabled]
    count = sum(role in each.person.grants for each in able)
    if count < _ENOUGH_ADMINISTRATORS:
        sentence = "{count} Global Administrators have a passkey: invite another one, who can help when one is lost."
        return _made("administrators", Verdict.ADVICE, "administratorsFew", sentence, count=count)
    sentence = "{count} Global Administrators have a passkey."
    return _made("administrators", Verdict.OK, "administrators", sentence, count=count)


def _certificate(settings: Settings, now: datetime) -> Iterator[Finding]:
    if not settings.tls_certificate:
        return
    try:
        found = read_certificate(Path(settings.tls_certificate))
    except CertificateRefused:
        sentence = "It cannot be read: run `badgepin doctor` on the server."
        yield _made("certificate", Verdict.WRONG, "certificateBad", sentence)
        return
    values = {"date": f"{found.ends_at:%Y-%m-%d}", "days": (found.ends_at - now).days}
    if now >= found.ends_at:
        yield _made("certificate", Verdict.WRONG, "certificateEnded", "It ended on {date}: renew it.", **values)
    elif found.ends_soon(now):
        sentence = "It ends on {date}, in {days} days: renew it."
        yield _made("certificate", Verdict.ADVICE, "certificateSoon", sentence, **values)
    else:
        yield _made("certificate", Verdict.OK, "certificate", "It ends on {date}.", **values)


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.data)
    if not folder.exists():
        return
    free = shutil.disk_usage(folder).free
    size = f"{free / 2**30:.1f}"
    if free < LEAST_FREE:
        sentence = "Only {size} GiB are free: make room before sign-ins stop."
        yield _made("disk", Verdict.WRONG, "diskFull", sentence, size=size)
    else:
        yield _made("disk", Verdict.OK, "disk", "{size} GiB are free.", size=size)
