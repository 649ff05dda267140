"""Refusals that save nothing: raised by domain and services, mapped to an envelope by each door's `errors.py`.

A refusal that must save something (a wrong PIN) is returned as a value instead; see docs/decisions/0003.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused, in the domain's words; doors translate it to their wire codes."""

    # nothing there
    USER_NOT_FOUND = "user_not_found"
    METHOD_NOT_FOUND = "method_not_found"
    QR_CODE_NOT_FOUND = "qr_code_not_found"
    OBJECT_NOT_FOUND = "object_not_found"
    # may not
    CALLER_UNKNOWN = "caller_unknown"
    PERMISSION_MISSING = "permission_missing"
    OTHER_PERSON = "other_person"
    OWN_METHOD = "own_method"
    ROLE_MISSING = "role_missing"
    TARGET_IS_ADMINISTRATOR = "target_is_administrator"
    OUTSIDE_UNIT = "outside_unit"
    PERSON_NEEDED = "person_needed"
    SECOND_PERSON_NEEDED = "second_person_needed"
    # clashes with what exists
    METHOD_EXISTS = "method_exists"
    STANDARD_QR_CODE_EXISTS = "standard_qr_code_exists"
    TEMPORARY_QR_CODE_EXISTS = "temporary_qr_code_exists"
    REPLACEMENT_EXISTS = "replacement_exists"
    OBJECT_EXISTS = "object_exists"
    MEMBER_EXISTS = "member_exists"
    CHANGED_MEANWHILE = "changed_meanwhile"
    DOCUMENTS_GONE = "documents_gone"
    DOCUMENT_KEY_WRONG = "document_key_wrong"
    LAST_ADMINISTRATOR = "last_administrator"
    # bad values
    VALUE_INVALID = "value_invalid"
    STANDARD_QR_CODE_REQUIRED = "standard_qr_code_required"
    TEMPORARY_LIFETIME_TOO_LONG = "temporary_lifetime_too_long"
    STANDARD_LIFETIME_TOO_LONG = "standard_lifetime_too_long"
    PIN_TOO_SHORT = "pin_too_short"
    PIN_TOO_LONG = "pin_too_long"
    PIN_TOO_SIMPLE = "pin_too_simple"
    PIN_INCORRECT = "pin_incorrect"
    PIN_LOCKED = "pin_locked"
    ROLE_NOT_ASSIGNABLE_TO_UNIT = "role_not_assignable_to_unit"


class DomainError(Exception):
    """A refusal: `reason` for machines, `details` to fill the sentence a person reads (never a secret)."""

    def __init__(self, reason: Reason, **details: object) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.details = details


class NotFound(DomainError):
    """The thing asked for does not exist."""


class Conflict(DomainError):
    """The thing exists already, or changed while we looked."""


class InvalidValue(DomainError):
    """A value breaks a rule; `details` may hold `message`, the sentence to show."""


class NotPermitted(DomainError):
    """The caller may not do this to this target."""
