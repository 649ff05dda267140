"""Keeping the audit log's chain: giving places, signing checkpoints, forgetting what is old enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.audit_chain import Checkpoint
from badgepin.services.own_acts import BADGEPIN, own_call
from badgepin.store import audit, audit_chain, audit_checkpoint
from badgepin.store.audit_checkpoint import Progress
from badgepin.store.transaction import Transaction

# a portion is computed in one go: requests wait for it, 7 ms at this size and 20 ms at five times
PORTION = 100
_PURGED_AT_ONCE = 500
_EVERY = timedelta(seconds=60)
_MOST_UNSIGNED = 1000


@dataclass(frozen=True)
class Purged:
    """A portion of a tenant's log that was forgotten, and whether there is more."""

    count: int
    is_more: bool


@dataclass(frozen=True)
class PurgeCall:
    """A run of retention: now, the age from which events go, and how many of this run are gone already."""

    now: datetime
    before: datetime
    gone: int = 0


def is_anything_waiting(tx: Transaction) -> bool:
    """Whether events wait for their place in the chain."""
    return audit_chain.is_anything_waiting(tx)


def chain_portion(tx: Transaction) -> int:
    """Give a portion of the waiting events their places, unless another node is at it. Returns how many."""
    return audit_chain.chain_waiting(tx, PORTION) if audit_chain.take_turn(tx) else 0


def is_checkpoint_due(tx: Transaction, now: datetime) -> bool:
    """Whether something new should be signed."""
    return any(_is_due(each, now) for each in audit_checkpoint.list_progress(tx))


def sign_due(tx: Transaction, key: CheckpointKey, now: datetime) -> list[Checkpoint]:
    """Sign the end of every chain that has grown for long enough, unless another node is at it."""
    if not audit_chain.take_turn(tx):
        return []
    due = [each.tenant_id for each in audit_checkpoint.list_progress(tx) if _is_due(each, now)]
    return [sign_checkpoint(tx, key, tenant_id, now) for tenant_id in due]


def sign_checkpoint(
    tx: Transaction, key: CheckpointKey, tenant_id: str, now: datetime, *, purged_through: int | None = None
) -> Checkpoint:
    """Sign the end of a tenant's chain now; whose turn it is only."""
    newest = audit_checkpoint.list_newest(tx, tenant_id, limit=1)
    number, seq = (newest[0].number, newest[0].seq) if newest else (0, 0)
    head = audit_chain.head_of(tx, tenant_id)
    through = find_purged_through(tx, key, tenant_id) if purged_through is None else purged_through
    digest = head.chain_digest.hex()
    checkpoint = Checkpoint(tenant_id, number + 1, head.seq, digest, now, head.seq - seq, through)
    audit_checkpoint.insert(tx, checkpoint, key.sign(checkpoint))
    return checkpoint


def find_purged_through(tx: Transaction, key: CheckpointKey, tenant_id: str) -> int:
    """How far events were forgotten on purpose: what the newest checkpoint says whose signature is ours."""
    before = None
    while kept := audit_checkpoint.list_newest(tx, tenant_id, limit=PORTION if before else 1, before=before):
        for each in kept:
            checkpoint = key.read(each.token)
            if checkpoint is not None and each.says(checkpoint):
                return checkpoint.purged_through
        before = kept[-1].number
    return 0


def list_newest_tokens(tx: Transaction, key: CheckpointKey) -> list[tuple[Checkpoint, str]]:
    """The newest checkpoint of every tenant, to be pushed off this database; it covers all that came before it."""
    found = []
    for progress in audit_checkpoint.list_progress(tx):
        for kept in audit_checkpoint.list_newest(tx, progress.tenant_id, limit=1):
            checkpoint = key.read(kept.token)
            if checkpoint is not None:
                found.append((checkpoint, kept.token))
    return found


def list_tenant_ids(tx: Transaction) -> list[str]:
    """Every tenant."""
    return [each.tenant_id for each in audit_checkpoint.list_progress(tx)]


def purge_portion(tx: Transaction, key: CheckpointKey, tenant_id: str, call: PurgeCall) -> Purged:
    """Forget a portion of what is older than retention, and sign how far; the last portion records the whole run."""
    audit_chain.wait_for_turn(tx)
    start = find_purged_through(tx, key, tenant_id)
    gone = audit_chain.forget(tx, tenant_id, after=start, before=call.before, limit=_PURGED_AT_ONCE)
    count = gone.through - start
    if count + call.gone == 0:
        return Purged(0, is_more=False)
    if not gone.is_more:
        _record_purge(tx, tenant_id, call, count, gone.through)
    sign_checkpoint(tx, key, tenant_id, call.now, purged_through=gone.through)
    return Purged(count, gone.is_more)


def _record_purge(tx: Transaction, tenant_id: str, call: PurgeCall, count: int, through: int) -> None:
    event = AuditEvent(
        activity=Activity.PURGE_LOG,
        category=Category.DIRECTORY_MANAGEMENT,
        operation=Operation.DELETE,
        target_kind="Tenant",
        target_id=tenant_id,
        details=(
            ("Count", str(call.gone + count)),
            ("LastSequence", str(through)),
            ("OlderThan", call.before.isoformat()),
        ),
    )
    audit.append(tx, own_call(tenant_id, call.now), BADGEPIN, event)


def _is_due(progress: Progress, now: datetime) -> bool:
    new = progress.seq - (progress.signed_seq or 0)
    if new == 0:
        return False
    return progress.signed_at is None or abs(new) >= _MOST_UNSIGNED or now - progress.signed_at >= _EVERY
