"""One step of a sign-in on the wire: what the page sent, and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.domain.sign_in import Denial
from badgepin.domain.tenant import Tenant
from badgepin.portal.words import sentence
from badgepin.services.attempt import Attempt, Refusal, new_handle
from badgepin.web.installation import Installation
from badgepin.web.refusal_log import EarlyRefusal

Json = dict[str, object]


@dataclass(frozen=True)
class Step:
    """A POST of the page: from which browser, for which tenant and request, in which language it wants to be answered.

    `browser` is the value of the page's cookie; `sealed` the authorization request ('' for none).
    """

    tenant: Tenant
    attempt: Attempt
    browser: str
    sealed: str
    body: Mapping[str, object]
    language: str

    def text(self, name: str, longest: int = 1024) -> str:
        """A text of the body; '' when it is missing, no text, too long, or half a character (JSON can say that)."""
        value = self.body.get(name)
        return value if isinstance(value, str) and len(value) <= longest and _is_whole(value) else ""


@dataclass(frozen=True)
class StepAnswer:
    """Status and JSON, and the session's cookie when one was opened."""

    status: int
    body: Json
    session: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def refuse_unproven(installation: Installation, step: Step, cause: str) -> StepAnswer:
    """The one refusal before a badge is proven: the same words, size and status, whatever the cause."""
    handle = new_handle()
    refusal = EarlyRefusal(handle, step.attempt.now, cause, step.attempt.ip_address)
    installation.refusals.note(refusal)
    installation.metrics.note_badge_refusal(cause)
    return _refusal(step, Denial.BADGE_REFUSED, handle)


def refuse(step: Step, refusal: Refusal) -> StepAnswer:
    """A refusal that helps: the badge is proven."""
    denied = refusal.denied
    return _refusal(step, denied.denial, refusal.handle, retry_at=denied.retry_at, tries_left=refusal.tries_left)


def scan_again(step: Step) -> StepAnswer:
    """The proof is used up, or its time is over."""
    return _refusal(step, Denial.SCAN_AGAIN, new_handle())


def _refusal(
    step: Step, denial: Denial, handle: str, *, retry_at: datetime | None = None, tries_left: int | None = None
) -> StepAnswer:
    key = denial.value
    if denial is Denial.PIN_LOCKED and retry_at is None:
        key = "pinLockedToday"
    error: Json = {
        "code": denial.value,
        "message": sentence(step.language, key, tries=tries_left or 0),
        "handle": handle,
    }
    if retry_at is not None:
        error["retry_at"] = retry_at.isoformat()
    if tries_left is not None:
        error["tries_left"] = tries_left
    return StepAnswer(403, {"error": error})


def busy(step: Step, code: str = "busy", status: int = 503) -> StepAnswer:
    """Nothing was charged or changed; sending the same again is right."""
    error: Json = {"code": code, "message": sentence(step.language, code), "handle": new_handle()}
    return StepAnswer(status, {"error": error}, headers={"retry-after": "1"})
