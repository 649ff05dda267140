"""Handing out what a batch made: documents to whoever holds the key, codes that come alive, and taking back the rest.

A document may be fetched again while the hour lasts: a connection that breaks must not cost a day's work. What ends
that is the confirmation, which names the digest of every document as it arrived. Only then do codes work, and the
documents are gone (docs/decisions/0019).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from badgepin.crypto.document_seal import DocumentKey, read_document_key
from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.badge_batch import COLLECT_WITHIN, BadgeBatch, BatchDocument, BatchRow, BatchState, RowResult
from badgepin.domain.caller import Call
from badgepin.domain.errors import Conflict, DomainError, InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.qr_code_pin import Person
from badgepin.services import batch as codes
from badgepin.services.badge_batch import get_own, hold, record
from badgepin.services.own_acts import BADGEPIN, own_call
from badgepin.services.qr_code_pin import event
from badgepin.services.standing import require_standing
from badgepin.store import audit, batch_document, batch_row, pin
from badgepin.store import badge_batch as store
from badgepin.store import qr_code_pin as methods
from badgepin.store.badge_batch import TenantsBatch
from badgepin.store.transaction import Transaction

AT_ONCE = 50
"""Codes a transaction: sign-ins wait for it."""


@dataclass(frozen=True)
class Opened:
    """A document that may be read piece by piece."""

    batch_id: str
    document: BatchDocument
    pieces: int
    key: DocumentKey = field(repr=False)


def open_document(tx: Transaction, call: Call, batch_id: str, name: str, key: str) -> Opened:
    """A document of the caller's own batch, with its key; each fetch is recorded.

    Raises `NotFound`, `NotPermitted` for a wrong key, `Conflict` when it is not there yet or any more.
    """
    batch, opened = _opened(tx, call, batch_id, key)
    documents = batch_document.list_documents(tx, call.tenant_id, batch.id)
    document = next((each for each in documents if each.name == name), None)
    if document is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=name)
    what = AuditEvent(
        activity=Activity.FETCH_MANY,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="Batch",
        target_id=batch.id,
        service=AUTHENTICATION_METHODS,
        details=(("Document", document.name), ("Count", str(document.count))),
    )
    audit.append(tx, call, require_standing(tx, call), what)
    return Opened(batch.id, document, batch_document.count_pieces(tx, call.tenant_id, batch.id, name), opened)


def read_piece(tx: Transaction, call: Call, opened: Opened, number: int) -> bytes:
    """One piece of a document, in clear. Raises `Conflict` when it went meanwhile or was tampered with."""
    name = opened.document.name
    sealed = batch_document.find_piece(tx, call.tenant_id, opened.batch_id, name, number)
    place = piece_place(opened.batch_id, name, number, opened.pieces)
    clear = None if sealed is None else opened.key.open(place, sealed)
    if clear is None:
        raise Conflict(Reason.DOCUMENTS_GONE)
    return clear


def piece_place(batch_id: str, name: str, number: int, count: int) -> str:
    """What a piece is tied to."""
    return f"{batch_id}|{name}|{number}|{count}"


def manifest_place(batch_id: str) -> str:
    """What the list of digests is tied to."""
    return f"{batch_id}|manifest"


def seal_manifest(key: DocumentKey, batch_id: str, digests: Mapping[str, str]) -> bytes:
    """The digests of all documents, as they are kept."""
    return key.seal(manifest_place(batch_id), msgspec.json.encode(digests))


def keep_piece(tx: Transaction, call: Call, batch: BadgeBatch, name: str, number: int, ciphertext: bytes) -> None:
    """Keep one encrypted piece of a running batch's document. Raises `BatchLost`."""
    hold(tx, call, batch.id, batch.holder or "")
    batch_document.insert_piece(tx, call.tenant_id, batch.id, name, number, ciphertext)


def keep_document(tx: Transaction, call: Call, batch: BadgeBatch, document: BatchDocument) -> None:
    """Every piece of a document is there. Raises `BatchLost`."""
    hold(tx, call, batch.id, batch.holder or "")
    batch_document.insert(tx, call.tenant_id, batch.id, document)


def confirm(tx: Transaction, call: Call, batch_id: str, key: str, digests: Mapping[str, str]) -> BadgeBatch:
    """Whether every document arrived as it left: what `bring_to_life` waits for. Changes nothing.

    Whoever says it again gets the same answer.

    Raises `NotFound`, `NotPermitted` for a wrong key, `InvalidValue` for a document that is missing or differs, and
    `Conflict` when the hour is over.
    """
    known = get_own(tx, call, batch_id)
    if known.state is BatchState.COLLECTED:
        return known
    batch, opened = _opened(tx, call, batch_id, key)
    sealed = store.find_secrets(tx, call.tenant_id, batch.id).manifest
    clear = None if sealed is None else opened.open(manifest_place(batch.id), sealed)
    if clear is None:
        raise Conflict(Reason.DOCUMENTS_GONE)
    for name, digest in msgspec.json.decode(clear, type=dict[str, str]).items():
        if not hmac.compare_digest(digests.get(name, "").lower().encode(), digest.encode()):
            message = f"The document '{name[:40]}' did not arrive whole: fetch it again, then confirm all of them."
            raise InvalidValue(Reason.VALUE_INVALID, message=message)
    return batch


def bring_to_life(tx: Transaction, call: Call, batch_id: str, ring: KeyRing) -> bool:
    """The next codes of a confirmed batch work. Returns whether that was all.

    A confirmation that is cut off has another hour to go on. Raises `Conflict` when the hour is over.
    """
    if not store.hold_ready(tx, call.tenant_id, batch_id, call.now, call.now + COLLECT_WITHIN):
        return _is_collected(tx, call, batch_id)
    rows = batch_row.list_portion(tx, call.tenant_id, batch_id, [RowResult.WAITING], limit=AT_ONCE)
    for row in rows:
        result, problem = _brought(tx, call, row, ring)
        batch_row.note(tx, call.tenant_id, batch_id, row.number, result, problem=problem)
    return not rows


def close(tx: Transaction, call: Call, batch: BadgeBatch) -> None:
    """Every code of the batch works: its documents go. Whoever comes second finds it done.

    Raises `Conflict` when the hour was over first.
    """
    values = {"settled_at": call.now, "collect_ends_at": None, "manifest": None, "key_digest": None}
    if not store.move(tx, call.tenant_id, batch.id, [BatchState.SUCCEEDED], BatchState.COLLECTED, values):
        _is_collected(tx, call, batch.id)
        return
    batch_document.delete_all(tx, call.tenant_id, batch.id)
    results = batch_row.count_results(tx, call.tenant_id, batch.id)
    collected = replace(batch, state=BatchState.COLLECTED)
    record(tx, call, require_standing(tx, call), collected, results, Activity.HAND_OUT_MANY)


def settle_portion(tx: Transaction, each: TenantsBatch, call: Call) -> bool:
    """Take back some of what was never handed out. Returns whether that was all; then the batch is settled."""
    tenant_id, batch = each.tenant_id, each.batch
    rows = batch_row.list_portion(tx, tenant_id, batch.id, [RowResult.WAITING], limit=AT_ONCE)
    for row in rows:
        result = _take_back(tx, call, row, batch.state)
        batch_row.note(tx, tenant_id, batch.id, row.number, result)
    if rows:
        return False
    batch_document.delete_all(tx, tenant_id, batch.id)
    batch_row.note_rest(tx, tenant_id, batch.id, RowResult.PLANNED, RowResult.NOT_DONE)
    if store.settle(tx, tenant_id, batch.id, call.now) and batch.state is not BatchState.CANCELLED:
        activity = Activity.HAND_OUT_MANY if batch.state is BatchState.EXPIRED else None
        record(tx, call, BADGEPIN, batch, batch_row.count_results(tx, tenant_id, batch.id), activity)
    return True


def end_abandoned(tx: Transaction, each: TenantsBatch, call: Call) -> None:
    """The node of a batch is gone: nobody has its key, so nothing of it can be handed out."""
    values = {"finished_at": call.now, "message": "The server stopped while it worked on this batch."}
    running, failed = [BatchState.RUNNING], BatchState.FAILED
    where = (tx, each.tenant_id, each.batch.id, running, failed, values)
    store.move(*where, holder=each.batch.holder, silent_since=call.now)


def end_overdue(tx: Transaction, each: TenantsBatch) -> None:
    """The hour is over."""
    message = "Nobody confirmed the documents within the hour: codes that did not work yet were revoked."
    values = {"message": message, "collect_ends_at": None}
    store.move(tx, each.tenant_id, each.batch.id, [BatchState.SUCCEEDED], BatchState.EXPIRED, values)


def _is_collected(tx: Transaction, call: Call, batch_id: str) -> bool:
    if get_own(tx, call, batch_id).state is not BatchState.COLLECTED:
        raise Conflict(Reason.DOCUMENTS_GONE)
    return True


def _opened(tx: Transaction, call: Call, batch_id: str, key: str) -> tuple[BadgeBatch, DocumentKey]:
    batch = get_own(tx, call, batch_id)
    if batch.state in (BatchState.PLANNING, BatchState.PLANNED, BatchState.RUNNING):
        message = "The documents are not ready yet: start the batch, then ask for its status."
        raise Conflict(Reason.CHANGED_MEANWHILE, message=message)
    if not batch.may_be_collected(call.now):
        raise Conflict(Reason.DOCUMENTS_GONE)
    opened = read_document_key(key, store.find_secrets(tx, call.tenant_id, batch.id).key_digest)
    if opened is None:
        raise NotPermitted(Reason.DOCUMENT_KEY_WRONG)
    return batch, opened


def _brought(tx: Transaction, call: Call, row: BatchRow, ring: KeyRing) -> tuple[RowResult, str]:
    try:
        if codes.deliver(tx, call, row.user_id or "", row.code_id or "", ring):
            return RowResult.WORKING, ""
    except DomainError as error:
        # the requester may not act on this person any more: nobody could hand this code out later
        _take_back(tx, own_call(call.tenant_id, call.now), row, BatchState.SUCCEEDED)
        return RowResult.PROBLEM, error.reason.value
    return RowResult.PROBLEM, Reason.CHANGED_MEANWHILE.value


def _take_back(tx: Transaction, call: Call, row: BatchRow, state: BatchState) -> RowResult:
    tenant_id, user_id, code_id = call.tenant_id, row.user_id or "", row.code_id or ""
    person = Person(user_id, row.user_principal_name, row.display_name)
    methods.lock_person(tx, tenant_id, user_id)
    kept = methods.get_kept(tx, tenant_id, code_id)
    if kept is not None and kept.activated_at is None:
        why = "Badgepin revoked a QR code that was never handed out"
        what = event(call, person, Operation.DELETE, "", ("QRCodeId", code_id), ("Kind", CodeKind.STANDARD.value))
        details = (*what.details, ("Batch", state.value))
        revoked = methods.revocation(tx, tenant_id, code_id, call.now)
        audit.change_and_append(tx, revoked, call, BADGEPIN, replace(what, result_reason=why, details=details))
    held = pin.get_pin(tx, tenant_id, user_id) if row.pin_id else None
    # a PIN that was reset since, or that stands beside another code, is somebody's
    if held and held.id == row.pin_id and held.version == 1 and not methods.has_live_code(tx, tenant_id, user_id):
        methods.delete_method(tx, tenant_id, user_id, call.now)
        what = event(call, person, Operation.DELETE, "", ("PinId", held.id))
        audit.append(
            tx, call, BADGEPIN, replace(what, result_reason="Badgepin removed a PIN that was never handed out")
        )
    return RowResult.TAKEN_BACK
