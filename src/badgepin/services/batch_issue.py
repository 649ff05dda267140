"""One row of a running batch at a time: a code that waits, or a code that ends; each noted where it is made.

What a row says and what was made are one transaction, so whoever ends the batch later knows every code of it.
"""

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.badge_batch import BadgeBatch, BatchRow, RowResult
from badgepin.domain.caller import Call
from badgepin.domain.desk_person import DeskPerson
from badgepin.domain.errors import Conflict, DomainError, NotPermitted, Reason
from badgepin.domain.hashed_pin import HashedPin
from badgepin.domain.qr_code import CodeKind
from badgepin.services import batch
from badgepin.services import pin as pins
from badgepin.services import qr_code_pin as codes
from badgepin.services.badge import IssuedQRCode
from badgepin.services.badge_batch import hold
from badgepin.services.pin import NewMethod
from badgepin.services.qr_code_pin import CodeRules, WantedLifetime
from badgepin.services.replacement import Wanted, replace_standard_qr_code
from badgepin.store import batch_row
from badgepin.store.transaction import Transaction


def list_planned(tx: Transaction, call: Call, batch_id: str, *, after: int, limit: int) -> list[BatchRow]:
    """The next rows for which something is to be done."""
    return batch_row.list_portion(tx, call.tenant_id, batch_id, [RowResult.PLANNED], after=after, limit=limit)


def note_problem(tx: Transaction, call: Call, of: BadgeBatch, row: BatchRow, problem: str) -> None:
    """Nothing was made for this person, and why. Raises `BatchLost`."""
    hold(tx, call, of.id, of.holder or "")
    batch_row.note(tx, call.tenant_id, of.id, row.number, RowResult.PROBLEM, problem=problem)


def clear_undelivered(tx: Transaction, call: Call, of: BadgeBatch, person: DeskPerson) -> None:
    """Make room where an interrupted run left a code that never came alive. Raises `BatchLost`."""
    hold(tx, call, of.id, of.holder or "")
    batch.clear_undelivered(tx, call, person)


def issue_code(
    tx: Transaction, call: Call, of: BadgeBatch, row: BatchRow, rules: CodeRules, ring: KeyRing
) -> IssuedQRCode:
    """A code that waits, next to the PIN that is there. Raises `BatchLost` and as `batch.issue_waiting_code`."""
    hold(tx, call, of.id, of.holder or "")
    wanted = WantedLifetime(None, of.code_expire_at)
    issued = batch.issue_waiting_code(tx, call, row.user_id or "", wanted, rules, ring)
    batch_row.note(tx, call.tenant_id, of.id, row.number, RowResult.WAITING, code_id=issued.code.id)
    return issued


def issue_replacement(
    tx: Transaction, call: Call, of: BadgeBatch, row: BatchRow, rules: CodeRules, ring: KeyRing
) -> IssuedQRCode:
    """A code that waits beside the badge that works; where that one has ended meanwhile, simply one that waits.

    Raises `BatchLost`, and as `replace_standard_qr_code`.
    """
    hold(tx, call, of.id, of.holder or "")
    wanted = Wanted(WantedLifetime(None, of.code_expire_at))
    done = replace_standard_qr_code(tx, call, row.user_id or "", lambda: wanted, rules, ring, is_active=False)
    if done.old is not None and done.old.id != row.code_id:
        raise Conflict(Reason.CHANGED_MEANWHILE)
    batch_row.note(tx, call.tenant_id, of.id, row.number, RowResult.WAITING, code_id=done.issued.code.id)
    return done.issued


def issue_method(  # noqa: PLR0913 - what a method is made of
    tx: Transaction,
    call: Call,
    of: BadgeBatch,
    row: BatchRow,
    new: NewMethod,
    hashed: HashedPin,
    days: int,
    ring: KeyRing,
) -> IssuedQRCode:
    """A code that waits, and a PIN. Raises `BatchLost` and as `pins.create_method`."""
    hold(tx, call, of.id, of.holder or "")
    _, issued = pins.create_method(tx, call, new, hashed, days, ring, is_active=False)
    made = {"code_id": issued.code.id, "pin_id": new.pin.pin_id}
    batch_row.note(tx, call.tenant_id, of.id, row.number, RowResult.WAITING, **made)
    return issued


def revoke_portion(tx: Transaction, call: Call, of: BadgeBatch, *, after: int, limit: int) -> int | None:
    """Revoke the next codes, those very ones and not what took their place. Returns the last row's number, if any.

    Raises `BatchLost`, and `NotPermitted` when the requester's own right is gone.
    """
    hold(tx, call, of.id, of.holder or "")
    rows = list_planned(tx, call, of.id, after=after, limit=limit)
    for row in rows:
        result, problem = _revoked(tx, call, row)
        batch_row.note(tx, call.tenant_id, of.id, row.number, result, problem=problem)
    return rows[-1].number if rows else None


def _revoked(tx: Transaction, call: Call, row: BatchRow) -> tuple[RowResult, str]:
    try:
        # refused before anything is written, so the transaction goes on
        codes.delete_qr_code(tx, call, row.user_id or "", CodeKind(row.code_kind or ""), row.code_id)
    except NotPermitted as error:
        if error.reason is Reason.CALLER_UNKNOWN:
            raise
        return RowResult.PROBLEM, error.reason.value
    except DomainError as error:
        return RowResult.PROBLEM, error.reason.value
    return RowResult.REVOKED, ""
