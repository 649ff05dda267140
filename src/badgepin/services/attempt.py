"""One attempt to sign in, and its line in the sign-in log: written once the badge is proven, never before."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Caller, Standing
from badgepin.domain.qr_code_pin import Person
from badgepin.domain.sign_in import Badge, BadgeHolder, Denial, Denied
from badgepin.store import audit
from badgepin.store.transaction import Transaction

SERVICE = "Sign-in"
OBSTACLE, THROUGH_GROUP = "Obstacle", "GroupId"
"""Under which names the log keeps what was in the way of somebody who may not use the method."""
METHOD = "QR code pin"
_HANDLE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_HANDLE = 4
_LONGEST_AGENT = 256

# graph-contract 9: numbers of doubtful origin, used as `status.errorCode` only
_ERROR_CODES = {
    Denial.NOT_ALLOWED: 130103,
    Denial.CODE_REVOKED: 1301011,
    Denial.CODE_NOT_ACTIVATED: 1301011,
    Denial.CODE_NOT_YET_ACTIVE: 1301011,
    Denial.CODE_EXPIRED: 1301012,
    Denial.WRONG_PIN: 1301021,
    Denial.PIN_EXPIRED: 1301024,
    Denial.PIN_LOCKED: 50053,
    Denial.PIN_DISABLED: 50057,
    Denial.SCAN_AGAIN: 130100,
    Denial.BADGE_REFUSED: 130100,
}


@dataclass(frozen=True)
class Attempt:
    """From where somebody signs in, and for which application (empty: for none)."""

    tenant_id: str
    now: datetime
    correlation_id: str
    ip_address: str = ""
    user_agent: str = ""
    client_id: str = ""
    client_name: str = ""


@dataclass(frozen=True)
class Refusal:
    """A sign-in that was refused after the badge was proven, and recorded under `handle`.

    `tries_left`: PINs that may still be tried before a wait; None where that says nothing.
    """

    denied: Denied
    handle: str
    tries_left: int | None = None


def new_handle() -> str:
    """Four characters that are easy to read out; no 0, 1, I, L, O or U."""
    return "".join(secrets.choice(_HANDLE_LETTERS) for _ in range(_HANDLE))


def person_of(holder: BadgeHolder) -> Person:
    """The holder as the rest of the house knows people."""
    return Person(holder.id, holder.user_principal_name, holder.display_name)


def call_of(attempt: Attempt, badge: Badge) -> tuple[Call, Standing]:
    """The attempt as a call: its holder acts, with no right of their own yet."""
    holder = badge.holder
    caller = Caller(attempt.tenant_id, attempt.client_id, holder.id, frozenset(), holder.token_generation)
    call = Call(caller, attempt.now, attempt.correlation_id, attempt.ip_address, reaches_others=False)
    return call, Standing(holder.id, holder.display_name, holder.user_principal_name)


def record_refusal(
    tx: Transaction, attempt: Attempt, badge: Badge, denied: Denied, tries_left: int | None = None
) -> Refusal:
    """Write the attempt down and give it its handle."""
    handle = new_handle()
    audit.append_row(tx, _row(attempt, badge, "failure", denied, handle))
    return Refusal(denied, handle, tries_left)


def success_row(attempt: Attempt, badge: Badge) -> dict[str, Any]:
    """The line of a sign-in, to be written with the session that it opens."""
    return _row(attempt, badge, "success", None, None)


def _row(attempt: Attempt, badge: Badge, result: str, denied: Denied | None, handle: str | None) -> dict[str, Any]:
    call, standing = call_of(attempt, badge)
    person, bar = person_of(badge.holder), denied.bar if denied else None
    details = [
        ("ErrorCode", str(_ERROR_CODES[denied.denial]) if denied else "0"),
        ("Denial", denied.denial.value if denied else ""),
        ("RetryDateTime", denied.retry_at.isoformat() if denied and denied.retry_at else ""),
        (OBSTACLE, bar.obstacle.value if bar else ""),
        (THROUGH_GROUP, (bar.group_id or "") if bar else ""),
        ("QRCodeId", badge.code.id),
        ("Kind", badge.code.kind.value),
        ("AppDisplayName", attempt.client_name),
        ("UserAgent", attempt.user_agent[:_LONGEST_AGENT]),
    ]
    event = AuditEvent(
        activity=Activity.SIGN_IN,
        category=Category.SIGN_IN,
        operation=Operation.SIGN_IN,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=SERVICE,
        result=result,
        result_reason=denied.denial.value if denied else METHOD,
        details=tuple((key, value) for key, value in details if value),
        handle=handle,
    )
    return audit.row_of(call, standing, event)
