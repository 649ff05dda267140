"""What four characters on a refused screen mean: the cause and what helps, for whoever may look after the person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.domain.access import MethodAction
from badgepin.domain.audit import Activity, RecordedEvent
from badgepin.domain.caller import Call
from badgepin.domain.eligibility import MayNotUse, Obstacle
from badgepin.domain.errors import NotFound, Reason
from badgepin.services.attempt import OBSTACLE, THROUGH_GROUP
from badgepin.services.eligibility import words_for
from badgepin.services.qr_code_pin import admit
from badgepin.store import audit_log
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
    "unknown passkey": (
        "The passkey is not one of this organization, or was removed.",
        "Use another one, or ask an administrator for a new invitation.",
    ),
    "passkey's signature wrong": (
        "The passkey did not sign for this site, or its holder was not verified by fingerprint, face or PIN.",
        "Try again with screen lock switched on; where it stays, invite the person again.",
    ),
    "passkey of somebody else": (
        "The passkey belongs to another person than the one who is signed in.",
        "Use one of the person's own, or sign out first.",
    ),
    "passkey's registration wrong": (
        "The device made no key for this site, or did not verify its holder.",
        "Switch screen lock on and open the link again, on another device if need be.",
    ),
    "passkey known already": ("The device sent a key that is registered.", "Sign in with it, or use another device."),
    "passkey answered too late, or on another page": (
        "More than two minutes passed until the passkey answered, or the device's cookies are blocked.",
        "Try again. If it goes on, allow cookies for this site and check the clock of the server.",
    ),
    "invitation used, old or unknown": (
        "The link was used, is older than 24 hours, was replaced by a newer one, or its person may not come any more.",
        "Make a new one: `badgepin admins invite`.",
    ),
    "session over": ("The session at the desk is over.", "Sign in again."),
}
_LATER = {
    # for events that do not say what was in the way
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
    "accountDisabled": ("The account is disabled.", "Enable it."),
    "noDeskRole": ("The person has no role for the desk.", "Give them one, such as Badge Manager."),
    "passkeyCopied": (
        "The passkey's use count went backwards: there are two of it.",
        "Remove it and invite the person again: `badgepin admins remove-passkey`.",
    ),
}


def explain(tx: Transaction, call: Call, handle: str, early: tuple[datetime, str] | None) -> Explanation:
    """Cause and fix. `early` is what this node saw under the handle before a badge was proven, if anything.

    Raises `NotFound`, and `NotPermitted` for somebody who may not look after the person.
    """
    wanted = handle.upper()
    if wanted in _FIXED:
        return Explanation(wanted, *_FIXED[wanted])
    event = audit_log.find_by_handle(tx, call.tenant_id, wanted, since=call.now - _KEPT)
    if event is not None:
        return _of_event(tx, call, wanted, event)
    if early is not None:
        moment, cause = early
        return Explanation(wanted, *_EARLY.get(cause, (cause, "Scan again.")), moment)
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=wanted)


def _of_event(tx: Transaction, call: Call, handle: str, event: RecordedEvent) -> Explanation:
    try:
        person = admit(tx, call, event.target_id, MethodAction.READ).person
    except NotFound as error:
        # a handle of somebody out of reach is as good as none
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=handle) from error
    details = {key: value for key, value in event.facts.get("details", []) if key and value}
    denial = details.get("Denial", "")
    cause, fix = _LATER.get(denial, (denial, ""))
    if denial == "notAllowed" and details.get(OBSTACLE) in set(Obstacle):
        bar = MayNotUse(Obstacle(details[OBSTACLE]), details.get(THROUGH_GROUP))
        cause, fix = words_for(tx, call.tenant_id, bar)
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
    by = audit_log.find_at(tx, call.tenant_id, moment, qr_code_id)
    name = (by.personal or {}).get("actorName") if by else None
    if by is not None and by.activity == Activity.BADGE_TOOK_OVER:
        return f"This badge was replaced: the new one took its place at {moment.isoformat(timespec='minutes')}."
    return f"The code on this badge was revoked at {moment.isoformat(timespec='minutes')} by {name or 'somebody'}."
