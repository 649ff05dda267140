"""Every way Graph says no, in one envelope (graph-contract 3.4, 3.5, 6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

import msgspec

from badgepin.domain.errors import Conflict, DomainError, InvalidValue, NotFound, NotPermitted, Reason


class Family(Enum):
    """Below `/authentication` the wire has its own codes for refusals and bad values."""

    METHODS = "methods"
    DIRECTORY = "directory"


@dataclass(eq=False)
class GraphError(Exception):
    """A refusal as the wire shows it. `message` is public: no secret, no inner detail."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


_WIRE: dict[Reason, tuple[int, str, str]] = {
    Reason.USER_NOT_FOUND: (
        404,
        "Request_ResourceNotFound",
        "Resource '{user}' does not exist or one of its queried reference-property objects are not present.",
    ),
    Reason.OBJECT_NOT_FOUND: (
        404,
        "Request_ResourceNotFound",
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present.",
    ),
    Reason.METHOD_NOT_FOUND: (404, "resourceNotFound", "The user has no QR code authentication method."),
    Reason.QR_CODE_NOT_FOUND: (404, "resourceNotFound", "The user has no {kind} QR code."),
    Reason.CALLER_UNKNOWN: (
        401,
        "InvalidAuthenticationToken",
        "Access token validation failure. The user or application is disabled, deleted or has lost its permissions.",
    ),
    Reason.OWN_METHOD: (
        403,
        "accessDenied",
        "Nobody issues a badge or a PIN to themselves here. Ask another manager or an administrator.",
    ),
    Reason.SECOND_PERSON_NEEDED: (
        403,
        "dualControlRequired",
        "Badge and PIN must come from two people: you gave this person one of them in the last {hours} hours, or"
        " asked for both at once. Somebody else has to give the other.",
    ),
    Reason.METHOD_EXISTS: (
        400,
        "tooManyQRCodePinMethod",
        "There can be only one active QR code auth method for a user, please delete existing QR code auth method"
        " to create a new one.",
    ),
    Reason.STANDARD_QR_CODE_EXISTS: (
        400,
        "ActiveQRCodeExisted",
        "An active standardQRCode exists for QR code auth method. Please delete existing standardQRCode"
        " before creating a new one.",
    ),
    Reason.TEMPORARY_QR_CODE_EXISTS: (
        400,
        "ActiveQRCodeExisted",
        "An active temporaryQRCode exists for QR code auth method. Please delete existing temporaryQRCode"
        " before creating a new one.",
    ),
    Reason.REPLACEMENT_EXISTS: (
        400,
        "activeReplacementExisted",
        "A new badge was handed out already and takes over at its first use. Revoke it before issuing another one.",
    ),
    Reason.STANDARD_QR_CODE_REQUIRED: (
        400,
        "standardQRCodeRequired",
        "Standard QR code is required for adding new QR code auth method.",
    ),
    Reason.TEMPORARY_LIFETIME_TOO_LONG: (
        400,
        "qrCodeLifeTimeExceedLimit",
        "TemporaryQRCode lifetime exceeds the limit i.e. maximum 12 hours.",
    ),
    Reason.STANDARD_LIFETIME_TOO_LONG: (
        400,
        "qrCodeLifeTimeExceedLimit",
        "StandardQRCode lifetime exceeds the limit i.e. maximum {days} days.",
    ),
    Reason.PIN_TOO_SHORT: (400, "pinTooShort", "PIN needs to be digit only and at least {minimum} characters long."),
    Reason.PIN_TOO_LONG: (400, "pinTooLong", "PIN must not be longer than 20 digits."),
    Reason.PIN_TOO_SIMPLE: (400, "invalidPin", "Invalid PIN"),
    Reason.PIN_INCORRECT: (400, "incorrectPin", "The current PIN is incorrect."),
    Reason.PIN_LOCKED: (400, "pinLocked", "Too many incorrect PIN attempts. Try again later."),
    Reason.DOCUMENTS_GONE: (
        410,
        "documentsGone",
        "The documents are gone: they were confirmed, given up, or nobody fetched them within the hour."
        " Codes that were not confirmed are revoked.",
    ),
    Reason.DOCUMENT_KEY_WRONG: (
        403,
        "documentKeyRequired",
        "Send the key that the answer to the start of this batch held, in the header 'badgepin-document-key'.",
    ),
    Reason.MEMBER_EXISTS: (
        400,
        "Request_BadRequest",
        "One or more added object references already exist for the following modified properties: '{property}'.",
    ),
    Reason.OBJECT_EXISTS: (
        400,
        "Request_BadRequest",
        "Another object with the same value for property {property} already exists.",
    ),
    Reason.LAST_ADMINISTRATOR: (
        400,
        "lastGlobalAdministrator",
        "The tenant would be left without a Global Administrator: give the role to somebody else first.",
    ),
    Reason.ROLE_NOT_ASSIGNABLE_TO_UNIT: (
        400,
        "Request_BadRequest",
        "The given built-in role is not supported to be assigned to a single resource scope.",
    ),
}


def from_domain(error: DomainError, family: Family) -> GraphError:
    """The wire's words for a refusal of the domain."""
    if isinstance(error, NotPermitted) and error.reason not in _WIRE:
        return forbidden(family)
    if error.reason in _WIRE:
        status, code, message = _WIRE[error.reason]
        return GraphError(status, code, message.format_map(_Blank(error.details)))
    match error:
        case InvalidValue() | Conflict():
            return bad_request(family, str(error.details.get("message", "The request is not valid.")))
        case NotFound():
            return GraphError(404, "resourceNotFound", "The resource does not exist.")
        case _:
            return forbidden(family)


def code_of(name: str) -> str:
    """The wire's code for what was noted as the name of a reason; other notes are codes already."""
    known = next((texts for reason, texts in _WIRE.items() if reason.value == name), None)
    if known is not None:
        return known[1]
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key


def forbidden(family: Family) -> GraphError:
    """403: the two families of the wire say it with different codes."""
    if family is Family.METHODS:
        return GraphError(403, "accessDenied", "Request Authorization failed")
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def bad_request(family: Family, message: str) -> GraphError:
    """400 for a body or value that has no code of its own."""
    return GraphError(400, "badRequest" if family is Family.METHODS else "Request_BadRequest", message)


def unauthorized(message: str, authority: str) -> GraphError:
    """401 with the challenge that tells a client where to get a token."""
    challenge = (
        f'Bearer realm="", authorization_uri="{authority}/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"www-authenticate": challenge})


def unknown_segment(segment: str) -> GraphError:
    """400: a path that the service does not have."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment[:200]}'.")


def method_not_allowed(allowed: str) -> GraphError:
    """405 with the verbs that the path does have."""
    message = "Specified HTTP method is not allowed for the request target."
    return GraphError(405, "Request_BadRequest", message, {"allow": allowed})


def internal_error() -> GraphError:
    """500: a bug; what is known of it is in the log under the request id."""
    return GraphError(500, "generalException", "An internal error occurred. Report the request id.")


def unavailable() -> GraphError:
    """503: nothing was changed, trying again is right."""
    message = "The service is temporarily unavailable. Nothing was changed; try again."
    return GraphError(503, "serviceNotAvailable", message, {"retry-after": "2"})


def envelope(error: GraphError, *, now: datetime, request_id: str, client_request_id: str) -> bytes:
    """The JSON body of a refusal."""
    return msgspec.json.encode(
        {
            "error": {
                "code": error.code,
                "message": error.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }
    )
