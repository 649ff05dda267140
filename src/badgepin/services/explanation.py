"""What four characters on a refused screen mean: the cause and what helps, for whoever may look after the person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.domain.access import MethodAction
from badgepin.domain.audit import RecordedEvent
from badgepin.domain.caller import Call
from badgepin.domain.errors import NotFound, Reason
from badgepin.services.qr_code_pin import admit
from badgepin.store import audit
from badgepin.store import sign_in as store
from badgepin.store.transaction import Transaction

_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Explanation:
    """`cause` is what happened, `fix` what to do; the person is None where no badge was proven."""

    handle: str
    cause: str
    fix: str
    occurred_at: datetime | None = None
    user_id: str | None = None
    user_principal_name: str | None = None
    denial: str = ""


_FIXED = {
    "CAM1": ("The browser may not use the camera.", "Allow the camera in the browser's address bar, or use a scanner."),
    "CAM2": ("The device has no camera, or hides it.", "Plug in a camera or a scanner, or paste the badge's text."),
    "CAM3": ("Another program uses the camera.", "Close the other program, or restart the device."),
    "CLK1": (
        "The scan took longer than a challenge lives, for instance because the device slept.",
        "Scan again; where it stays, check the device's network and clock.",
    ),
    "NET1": ("The page could not reach the server.", "Check the device's network, and that the server is up."),
    "SUP1": (
        "The browser cannot sign: it is too old, or the page was opened without https.",
        "Open the page by https, or update the browser.",
    ),
}
_EARLY = {
    "unknown badge": (
        "The badge is not one of this organization, or was made anew since.",
        "Compare the first eight characters printed on the badge with the person's code; print a new badge.",
    ),
    "signature wrong": (
        "The badge was read, but its secret is not the one of that code, or the code's row was tampered with.",
        "Print a new badge. If it happens with new badges too, look into the server's log.",
    ),
    "challenge not for this page, or too old": (
        "More than two minutes passed between scan and answer, or the device's cookies are blocked.",
        "Scan again. If it goes on, allow cookies for this site and check the clock of the server.",
    ),
    "challenge used before": ("The same scan was sent twice.", "Scan again."),
    "no cookie of the page": ("The browser does not keep the page's cookie.", "Allow cookies for this site."),
    "sent from another site": (
        "The page is reached under another address than the server's base_url.",
        "Open the sign-in page under the configured address, or correct base_url.",
    ),
    "authorization request not sealed here, or too old": (
        "The page was open for more than 12 hours, or its address was changed.",
        "Go back to the application and start the sign-in again.",
    ),
}
_LATER = {
    "notAllowed": (
        "The account is disabled, has no PIN, or the policy does not include this person.",
        "Enable the account, issue a badge, or include the person in the QR code policy.",
    ),
    "codeRevoked": ("The code on this badge was revoked.", "Use the newest badge, or issue a new code."),
    "codeNotActivated": ("The badge was printed but never activated.", "Activate it when handing it over."),
    "codeNotYetActive": ("The code is not valid yet.", "Wait until its start, or issue a temporary code."),
    "codeExpired": ("The code has expired.", "Issue a new code."),
    "pinDisabled": (
        "The PIN and its codes were disabled after too many wrong PINs.",
        "Reset the PIN and issue a new code.",
    ),
    "pinExpired": ("The given PIN was not changed in time and has expired.", "Reset the PIN."),
    "pinLocked": ("Too many wrong PINs.", "Wait, or unlock the PIN."),
    "wrongPin": ("The PIN was wrong.", "Try again, or reset the PIN."),
}


def explain(tx: Transaction, call: Call, handle: str, early: tuple[datetime, str] | None) -> Explanation:
    """Cause and fix. `early` is what this node saw under the handle before a badge was proven, if anything.

    Raises `NotFound`, and `NotPermitted` for somebody who may not look after the person.
    """
    wanted = handle.upper()
    if wanted in _FIXED:
        return Explanation(wanted, *_FIXED[wanted])
    event = audit.find_by_handle(tx, call.tenant_id, wanted, since=call.now - _KEPT)
    if event is not None:
        return _of_event(tx, call, wanted, event)
    if early is not None:
        moment, cause = early
        return Explanation(wanted, *_EARLY.get(cause, (cause, "Scan again.")), moment)
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=wanted)


def _of_event(tx: Transaction, call: Call, handle: str, event: RecordedEvent) -> Explanation:
    person = admit(tx, call, event.target_id, MethodAction.READ).person
    details = {key: value for key, value in event.facts.get("details", []) if key and value}
    denial = details.get("Denial", "")
    cause, fix = _LATER.get(denial, (denial, ""))
    if denial == "codeRevoked":
        cause = _revoked_by(tx, call, details.get("QRCodeId", "")) or cause
    if "RetryDateTime" in details:
        cause = f"{cause} Until {details['RetryDateTime']}."
    return Explanation(handle, cause, fix, event.occurred_at, person.id, person.user_principal_name, denial)


def _revoked_by(tx: Transaction, call: Call, qr_code_id: str) -> str | None:
    found = store.find_badge(tx, call.tenant_id, qr_code_id)
    moment = found.badge.code.revoked_at if found else None
    if moment is None:
        return None
    by = audit.find_at(tx, call.tenant_id, moment, qr_code_id)
    name = (by.personal or {}).get("actorName") if by else None
    return f"The code on this badge was revoked at {moment.isoformat(timespec='minutes')} by {name or 'somebody'}."
