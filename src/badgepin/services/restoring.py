"""What a restored database needs before anybody may use it (security design 12.5).

A backup knows nothing of what was revoked after it. So a restore begins a new epoch: sessions, tokens, challenges,
proofs and temporary codes of before end. And the nodes' journals are replayed: what they say was ended is ended again.

    current ── older than its node's journal knows ──▶ restored ── epoch begun, journal replayed ──▶ current

Nothing here may depend on running once: whoever is interrupted begins again.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.revocation_journal import JournalContents, JournalRefused
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.qr_code import Lifetime
from badgepin.domain.revocation import FINAL, JournalRecord, Revocation, RevocationKind
from badgepin.services.badge import seal_row
from badgepin.services.own_acts import BADGEPIN, own_call
from badgepin.services.tenant import list_tenants
from badgepin.store import audit, node, replay
from badgepin.store.node import Mark
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Restored:
    """What was done: the epoch that was begun, and how many things of each kind were ended again."""

    epoch: int
    ended: Mapping[str, int]


def current_epoch(tx: Transaction) -> int:
    """The restore epoch that counts now."""
    return node.current_epoch(tx)


def is_from_the_past(tx: Transaction, journal: JournalContents) -> bool:
    """Whether this database lacks a mark that the node saw it keep."""
    return node.mark_of(tx, journal.node).beat < journal.beat


def mark_of(tx: Transaction, node_id: str) -> Mark:
    """How far a node's journal is settled here."""
    return node.mark_of(tx, node_id)


def move_mark(tx: Transaction, node_id: str, seq: int, now: datetime) -> int:
    """Settle a node's journal up to `seq`. Returns the number of this mark."""
    mark = node.mark_of(tx, node_id)
    moved = Mark(max(mark.seq, seq), mark.beat + 1)
    node.save_mark(tx, node_id, moved, now)
    return moved.beat


def begin_epoch(
    tx: Transaction, journals: Sequence[JournalContents], ring: KeyRing, *, cause: str, now: datetime
) -> Restored:
    """Make a database from the past safe to use. Every node's journal that there is belongs here."""
    epoch = node.begin_epoch(tx, cause, now)
    ended = Counter(replay.end_what_was_open(tx, now))
    for journal in journals:
        since = node.mark_of(tx, journal.node).seq
        ended += _replay(tx, [each for each in journal.records if each.seq > since], ring, now)
        node.save_mark(tx, journal.node, Mark(journal.last_seq, journal.beat), now)
    for tenant in list_tenants(tx):
        event = AuditEvent(
            activity=Activity.RESTORE,
            category=Category.DIRECTORY_MANAGEMENT,
            operation=Operation.UPDATE,
            target_kind="Tenant",
            target_id=tenant.id,
            result_reason=cause,
            details=(("Epoch", str(epoch)), *((name, str(count)) for name, count in sorted(ended.items()))),
        )
        audit.append(tx, own_call(tenant.id, now), BADGEPIN, event)
    return Restored(epoch, dict(ended))


def catch_up(tx: Transaction, journal: JournalContents, ring: KeyRing, now: datetime) -> int:
    """After a crash: end again what the last mark does not cover, as far as nothing may have undone it since.

    Returns how many things that ended; those were written down and never acknowledged. Raises `JournalRefused` for an
    older copy of the file: its places would be given out a second time.
    """
    mark = node.mark_of(tx, journal.node)
    if mark.seq > journal.last_seq:
        raise JournalRefused(
            f"The database knows {mark.seq} records of this node's revocation journal, and the file has "
            f"{journal.last_seq}: put the newest copy back, or move it and `revocations.node` away to begin a new one."
        )
    open_ = [each for each in journal.records if each.seq > mark.seq and each.revocation.kind in FINAL]
    ended = _replay(tx, open_, ring, now)
    node.save_mark(tx, journal.node, Mark(journal.last_seq, max(mark.beat, journal.beat)), now)
    return ended.total()


def _replay(tx: Transaction, records: Sequence[JournalRecord], ring: KeyRing, now: datetime) -> Counter[str]:
    ended: Counter[str] = Counter()
    ends = {
        each.revocation.subject: each.revocation for each in records if each.revocation.kind is RevocationKind.EXPIRY
    }
    for each in records:
        revocation = each.revocation
        if revocation.kind is not RevocationKind.EXPIRY:
            ended[revocation.kind.value] += _WAYS[revocation.kind](tx, revocation, now)
    # of several moves of one code's end the last one counts
    for revocation in ends.values():
        ended[revocation.kind.value] += _shorten(tx, revocation, ring)
    return +ended


_WAYS: Mapping[RevocationKind, Callable[[Transaction, Revocation, datetime], int]] = {
    RevocationKind.CODE: replay.revoke_code,
    RevocationKind.CODES: replay.revoke_codes_of,
    RevocationKind.STANDARD_CODES: replay.revoke_standard_codes_of,
    RevocationKind.METHOD: replay.delete_method,
    RevocationKind.PIN: replay.disable_older_pin,
    RevocationKind.PIN_SPENT: replay.disable_spent_pin,
    RevocationKind.STEP: lambda tx, each, _: replay.raise_counts(tx, each),
    RevocationKind.USER: lambda tx, each, _: replay.disable_user(tx, each),
    RevocationKind.PASSKEY: lambda tx, each, _: replay.delete_passkey(tx, each),
    RevocationKind.APPLICATION: lambda tx, each, _: replay.disable_application(tx, each),
    RevocationKind.CREDENTIAL: lambda tx, each, _: replay.delete_credential(tx, each),
}


def _shorten(tx: Transaction, revocation: Revocation, ring: KeyRing) -> int:
    longer = replay.find_longer(tx, revocation)
    if longer is None or revocation.until is None:
        return 0
    kept = replace(longer.kept, revision=longer.kept.revision + 1)
    lifetime = Lifetime(longer.lifetime.start_at, revocation.until)
    mac = seal_row(ring, longer.user_id, revocation.subject, longer.kind, kept, lifetime)
    return replay.shorten(tx, revocation, revision=kept.revision, mac=mac)
