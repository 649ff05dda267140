"""The verbs of a batch: create, start, look, cancel, and the steps of the node that works on it.

A node holds a batch by its run's id. Every write of a run asks first whether it still does, so a node that was asleep
while another one ended its batch writes nothing more.
"""

import hashlib
import hmac
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from badgepin.crypto.document_seal import DocumentKey, new_document_key
from badgepin.crypto.randomness import new_guid
from badgepin.domain import qr_code
from badgepin.domain.access import Reach, acts_on_everybody, reach_over_people
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.badge_batch import (
    COLLECT_WITHIN,
    LEASE,
    PREVIEW_LIFE,
    UNSETTLED,
    BadgeBatch,
    BatchDocument,
    BatchKind,
    BatchRow,
    BatchState,
    RowResult,
)
from badgepin.domain.caller import Call, Standing
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.ids import canonical_guid
from badgepin.domain.query import Page, Query
from badgepin.services.batch_plan import WantedBatch, check_wanted
from badgepin.services.qr_code_pin import CodeRules
from badgepin.services.standing import require_standing
from badgepin.store import audit, batch_document, batch_row
from badgepin.store import badge_batch as store
from badgepin.store.transaction import Transaction

_TOKEN = 32
_MOST_OPEN = 20
_ACTIVITIES = {BatchKind.ISSUE: Activity.ISSUE_MANY, BatchKind.REVOKE: Activity.REVOKE_MANY}
_OPERATIONS = {BatchKind.ISSUE: Operation.ADD, BatchKind.REVOKE: Operation.DELETE}


class BatchLost(Exception):
    """The batch was ended, by its requester or because its node was silent for too long: nothing more is written."""


@dataclass(frozen=True)
class Created:
    """A batch whose rows are still to come, and the token that starts what is shown of it."""

    batch: BadgeBatch
    token: str = field(repr=False)


@dataclass(frozen=True)
class Started:
    """A batch that a node works on now, and the key of its documents: handed out once and kept nowhere."""

    batch: BadgeBatch
    key: DocumentKey = field(repr=False)


@dataclass(frozen=True)
class Overview:
    """A batch as its requester sees it."""

    batch: BadgeBatch
    fates: Counter[str]
    results: Counter[str]
    documents: Sequence[BatchDocument] = ()


def create(tx: Transaction, call: Call, wanted: WantedBatch, rules: CodeRules) -> Created:
    """A batch to be planned. Raises `NotPermitted`, `NotFound`, `InvalidValue`, and `Conflict` for too many at once."""
    standing = check_wanted(tx, call, wanted)
    if wanted.code_expire_at is not None:
        days = rules.standard_most_days
        qr_code.standard_lifetime(
            None, wanted.code_expire_at, now=call.now, default_days=days, most_days=days, strict=False
        )
    if store.count_open(tx, call.tenant_id, standing.id) >= _MOST_OPEN:
        raise Conflict(Reason.CHANGED_MEANWHILE, message="Too many batches are open: finish or cancel some first.")
    token = os.urandom(_TOKEN).hex()
    batch = BadgeBatch(
        new_guid(),
        wanted.kind,
        BatchState.PLANNING,
        call.now,
        standing.id,
        standing.display_name,
        preview_ends_at=call.now + PREVIEW_LIFE,
        code_expire_at=wanted.code_expire_at,
    )
    store.insert(tx, call.tenant_id, batch, preview_digest=_digest(token))
    return Created(batch, token)


def drop(tx: Transaction, call: Call, batch_id: str) -> None:
    """Forget a batch that could not be planned."""
    store.delete_planning(tx, call.tenant_id, batch_id)


def find_unsettled(tx: Transaction, tenant_id: str, batch_id: str) -> BadgeBatch | None:
    """A batch that ended and whose codes have to be taken back."""
    batch = store.find(tx, tenant_id, batch_id)
    return batch if batch and batch.state in UNSETTLED and batch.settled_at is None else None


def finish_planning(tx: Transaction, call: Call, batch_id: str) -> None:
    """Everybody is in: what is shown may be started. Raises `Conflict` when it was cancelled meanwhile."""
    if not store.move(tx, call.tenant_id, batch_id, [BatchState.PLANNING], BatchState.PLANNED, {}):
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The batch was cancelled meanwhile.")


def start(tx: Transaction, call: Call, batch_id: str, token: str, holder: str) -> Started:
    """Let a node work on what was seen: exactly that, and once.

    Raises `NotFound`, and `Conflict` when the token is not the one of this preview, too old, or used already.
    """
    batch = get_own(tx, call, batch_id)
    kept = store.find_secrets(tx, call.tenant_id, batch.id).preview_digest
    if kept is None or not hmac.compare_digest(_digest(token), kept) or not batch.may_start(call.now):
        message = "What was shown is older than 15 minutes, or was started already: look again."
        raise Conflict(Reason.CHANGED_MEANWHILE, message=message)
    if not batch_row.count_results(tx, call.tenant_id, batch.id)[RowResult.PLANNED.value]:
        raise InvalidValue(
            Reason.VALUE_INVALID, message="There is nobody in this batch for whom anything would happen."
        )
    key, lease = new_document_key(), call.now + LEASE
    digest = key.digest if batch.kind is BatchKind.ISSUE else None
    values = {"holder": holder, "lease_ends_at": lease, "key_digest": digest, "preview_digest": None}
    if not store.move(tx, call.tenant_id, batch.id, [BatchState.PLANNED], BatchState.RUNNING, values):
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The batch was started or cancelled meanwhile.")
    return Started(replace(batch, state=BatchState.RUNNING, holder=holder, lease_ends_at=lease), key)


def get_own(tx: Transaction, call: Call, batch_id: str) -> BadgeBatch:
    """A batch of the caller's own. Raises `NotFound` for anybody else's."""
    standing = require_standing(tx, call)
    batch = _find(tx, call, batch_id)
    if batch is None or batch.created_by != standing.id:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=batch_id)
    return batch


def read(tx: Transaction, call: Call, batch_id: str) -> Overview:
    """How a batch stands. Raises `NotFound`."""
    batch = _get_visible(tx, call, batch_id)
    documents = batch_document.list_documents(tx, call.tenant_id, batch.id)
    return Overview(
        batch,
        batch_row.count_fates(tx, call.tenant_id, batch.id),
        batch_row.count_results(tx, call.tenant_id, batch.id),
        documents if batch.state is BatchState.SUCCEEDED else (),
    )


def list_batches(tx: Transaction, call: Call, query: Query) -> Page[BadgeBatch]:
    """A page of the caller's batches; whoever looks after everybody sees everybody's."""
    standing = require_standing(tx, call)
    return store.list_page(tx, call.tenant_id, query, None if _sees_all(call, standing) else standing.id)


def list_rows(tx: Transaction, call: Call, batch_id: str, query: Query) -> Page[BatchRow]:
    """A page of a batch's people, with what became of each. Raises `NotFound`."""
    batch = _get_visible(tx, call, batch_id)
    return batch_row.list_page(tx, call.tenant_id, batch.id, query)


def cancel(tx: Transaction, call: Call, batch_id: str) -> None:
    """Stop a batch, or give up documents that nobody confirmed; its codes are taken back after it.

    Raises `NotFound`, `NotPermitted` for somebody else's batch unless the caller may act on everybody, and `Conflict`
    once there is nothing left to stop or the first codes work.
    """
    batch = _get_visible(tx, call, batch_id)
    standing = require_standing(tx, call)
    if batch.created_by != standing.id and not acts_on_everybody(call.caller, standing):
        raise NotPermitted(Reason.ROLE_MISSING)
    # a confirmation takes several transactions; the first of them settles it
    store.lock(tx, call.tenant_id, batch.id)
    if batch_row.count_results(tx, call.tenant_id, batch.id)[RowResult.WORKING.value]:
        raise Conflict(
            Reason.CHANGED_MEANWHILE, message="Its badges work already: what it made can be revoked instead."
        )
    before = [BatchState.PLANNING, BatchState.PLANNED, BatchState.RUNNING, BatchState.SUCCEEDED]
    stops = batch.may_be_cancelled and store.move(
        tx, call.tenant_id, batch.id, before, BatchState.CANCELLED, {"finished_at": call.now, "collect_ends_at": None}
    )
    if not stops:
        raise Conflict(Reason.CHANGED_MEANWHILE, message="This batch is over: what it made can be revoked instead.")
    batch_document.delete_all(tx, call.tenant_id, batch.id)
    results = batch_row.count_results(tx, call.tenant_id, batch.id)
    record(tx, call, standing, replace(batch, state=BatchState.CANCELLED), results)


def hold(tx: Transaction, call: Call, batch_id: str, holder: str) -> None:
    """Keep a batch from being ended in this transaction. Raises `BatchLost`."""
    if not store.hold(tx, call.tenant_id, batch_id, holder):
        raise BatchLost


def renew(tx: Transaction, call: Call, batch_id: str, holder: str) -> None:
    """Say that the node is alive. Raises `BatchLost`."""
    if not store.renew(tx, call.tenant_id, batch_id, holder, call.now):
        raise BatchLost


def finish(tx: Transaction, call: Call, batch: BadgeBatch, manifest: bytes | None) -> None:
    """All is done; with a manifest there are documents, which wait an hour to be collected. Raises `BatchLost`."""
    has_documents = manifest is not None
    values = {
        "finished_at": call.now,
        "collect_ends_at": call.now + COLLECT_WITHIN if has_documents else None,
        "settled_at": None if has_documents else call.now,
        "manifest": manifest,
        "lease_ends_at": None,
    }
    running, done = [BatchState.RUNNING], BatchState.SUCCEEDED
    if not store.move(tx, call.tenant_id, batch.id, running, done, values, holder=batch.holder):
        raise BatchLost
    results = batch_row.count_results(tx, call.tenant_id, batch.id)
    record(tx, call, require_standing(tx, call), replace(batch, state=BatchState.SUCCEEDED), results)


def fail(tx: Transaction, call: Call, batch: BadgeBatch, message: str) -> bool:
    """It cannot go on. Returns False when it was ended already."""
    values = {"finished_at": call.now, "message": message[:300]}
    running, failed = [BatchState.RUNNING], BatchState.FAILED
    return store.move(tx, call.tenant_id, batch.id, running, failed, values, holder=batch.holder)


def record(
    tx: Transaction,
    call: Call,
    standing: Standing,
    batch: BadgeBatch,
    results: Counter[str],
    activity: Activity | None = None,
) -> None:
    """One event for the whole of it, besides each code's own."""
    succeeded = batch.state in {BatchState.SUCCEEDED, BatchState.COLLECTED}
    what = AuditEvent(
        activity=activity or _ACTIVITIES[batch.kind],
        category=Category.USER_MANAGEMENT,
        operation=_OPERATIONS[batch.kind],
        target_kind="Batch",
        target_id=batch.id,
        service=AUTHENTICATION_METHODS,
        result="success" if succeeded else "failure",
        result_reason="" if succeeded else f"The batch was ended: {batch.state.value}",
        details=(("State", batch.state.value), *((result, str(count)) for result, count in sorted(results.items()))),
    )
    audit.append(tx, call, standing, what)


def is_late(batch: BadgeBatch, now: datetime) -> bool:
    """Whether the node should say that it is alive: half of its time is over."""
    return batch.lease_ends_at is None or now > batch.lease_ends_at - LEASE / 2


def _find(tx: Transaction, call: Call, batch_id: str) -> BadgeBatch | None:
    known = canonical_guid(batch_id)
    return None if known is None else store.find(tx, call.tenant_id, known)


def _get_visible(tx: Transaction, call: Call, batch_id: str) -> BadgeBatch:
    standing = require_standing(tx, call)
    batch = _find(tx, call, batch_id)
    if batch is None or (batch.created_by != standing.id and not _sees_all(call, standing)):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=batch_id)
    return batch


def _sees_all(call: Call, standing: Standing) -> bool:
    return call.reaches_others and reach_over_people(call.caller, standing) == Reach()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
