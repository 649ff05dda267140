"""How a command says no: one line on standard error, with what to do next."""

from badgepin.domain.errors import DomainError, Reason


class CommandRefused(Exception):
    """A command did nothing; the sentence says what happened and what to do next."""


_WORDS: dict[Reason, str] = {
    Reason.USER_NOT_FOUND: "There is no person '{user}': `badgepin users list` shows everybody.",
    Reason.METHOD_NOT_FOUND: "This person has no code and PIN yet: run `badgepin codes issue`.",
    Reason.QR_CODE_NOT_FOUND: "This person has no {kind} code: `badgepin codes show` says what there is.",
    Reason.OBJECT_NOT_FOUND: "There is no '{id}': `list` shows what there is.",
    Reason.CALLER_UNKNOWN: (
        "The built-in application 'Badgepin command line' is disabled in this tenant: enable it through the Graph API."
    ),
    Reason.METHOD_EXISTS: "This person has an active code already: run `badgepin codes revoke USER all` first.",
    Reason.STANDARD_QR_CODE_EXISTS: (
        "This person has an active standard code already: revoke it first with `badgepin codes revoke USER standard`."
    ),
    Reason.TEMPORARY_QR_CODE_EXISTS: (
        "This person has an active temporary code already: revoke it first with `badgepin codes revoke USER temporary`."
    ),
    Reason.SECOND_PERSON_NEEDED: "Badge and PIN must come from two people: somebody else has to give the other.",
    Reason.REPLACEMENT_EXISTS: (
        "This person was given a new badge already: revoke it first with `badgepin codes revoke USER replacement`."
    ),
    Reason.TEMPORARY_LIFETIME_TOO_LONG: "A temporary code lives at most 12 hours: choose fewer.",
    Reason.STANDARD_LIFETIME_TOO_LONG: "A standard code lives at most {days} days here: choose fewer.",
    Reason.PIN_TOO_SHORT: "A PIN has at least {minimum} digits and nothing but digits: choose another.",
    Reason.PIN_TOO_LONG: "A PIN has at most 20 digits: choose another.",
    Reason.PIN_TOO_SIMPLE: "This PIN is too easy to guess: choose another.",
    Reason.MEMBER_EXISTS: "They are in there already: nothing to do.",
    Reason.OBJECT_EXISTS: "Another one has the same {property} already: choose another.",
    Reason.CHANGED_MEANWHILE: "Somebody else changed this at the same moment: look again, then repeat.",
}


def refused(error: DomainError) -> CommandRefused:
    """The domain's refusal in words for an operator."""
    words = _WORDS.get(error.reason)
    if words is None:
        words = str(error.details.get("message") or f"Not possible: {error.reason.value.replace('_', ' ')}.")
        return CommandRefused(words)
    return CommandRefused(words.format_map(_Blank(error.details)))


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key
