"""`/auditLogs/signIns`: every attempt after a proven badge or passkey, as Graph shows sign-ins (graph-contract 11)."""

from badgepin.domain.audit import OCCURRED_AT, RecordedEvent
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import audit_log as services

_METHOD = "QR code pin"
_WORDS = {
    "notAllowed": "The policy or the directory does not let this person use the method.",
    "codeRevoked": "The QR code was revoked.",
    "codeNotActivated": "The QR code was not activated.",
    "codeNotYetActive": "The QR code is not valid yet.",
    "codeExpired": "The QR code has expired.",
    "pinDisabled": "The PIN was disabled after too many wrong ones.",
    "pinExpired": "The temporary PIN has expired.",
    "pinLocked": "Too many wrong PINs: the code is locked for a while.",
    "wrongPin": "The PIN was wrong.",
    "accountDisabled": "The account is disabled.",
    "noDeskRole": "The person has no role for the desk.",
    "passkeyCopied": "The passkey's count went backwards: it exists twice.",
}


def _text(name: str) -> Field:
    return Field(name, Kind.TEXT)


SCHEMA = Schema(
    "microsoft.graph.signIn",
    {
        "id": Field("id", Kind.CODE),
        "createddatetime": OCCURRED_AT,
        "userid": Field("target_id", Kind.CODE),
        "userdisplayname": _text("target_name"),
        "userprincipalname": _text("target_user_principal_name"),
        "appid": Field("client_id", Kind.CODE),
        "appdisplayname": _text("application_name"),
        "ipaddress": _text("ip_address"),
        "correlationid": Field("correlation_id", Kind.CODE),
        "status": {"errorcode": Field("error_code", Kind.NUMBER)},
    },
    sortable=frozenset({"createddatetime"}),
    advanced=False,
    contains=True,
)


async def list_sign_ins(request: GraphRequest) -> GraphResponse:
    """GET a page of sign-ins, the newest first."""
    return await answer_list(
        request,
        Listed("auditLogs/signIns", sign_in_json),
        lambda tx, query: services.list_events(tx, request.call, query, sign_ins=True),
    )


async def get_sign_in(request: GraphRequest) -> GraphResponse:
    """GET one sign-in."""
    event = await request.installation.database.read(
        lambda tx: services.get_event(tx, request.call, request.keys["event"], sign_ins=True)
    )
    context: Json = {"@odata.context": request.context("auditLogs/signIns/$entity")}
    return request.answer(context | sign_in_json(event))


def sign_in_json(event: RecordedEvent) -> Json:
    """`signIn`; the badge's kind and the handle stand in `status.additionalDetails`, where Graph has room for words."""
    personal = event.personal or {}
    details = {key: value for key, value in event.facts.get("details", []) if key and value}
    denial, succeeded = details.get("Denial", ""), event.result == "success"
    moment = instant_text(event.occurred_at)
    method = details.get("Method", _METHOD)
    with_badge = method == _METHOD
    notes = [f"QR code: {details.get('Kind', '')}"] if with_badge else []
    notes += [f"handle: {event.handle}"] if event.handle else []
    return {
        "id": event.id,
        "createdDateTime": moment,
        "userId": event.target_id,
        "userDisplayName": personal.get("targetName") or None,
        "userPrincipalName": personal.get("targetUserPrincipalName") or None,
        "appId": event.facts.get("clientId") or None,
        "appDisplayName": details.get("AppDisplayName"),
        "ipAddress": personal.get("ipAddress") or None,
        "clientAppUsed": "Browser",
        "correlationId": event.correlation_id,
        "isInteractive": True,
        "signInIdentifierType": "qrCode" if with_badge else "unknownFutureValue",
        "userAgent": details.get("UserAgent"),
        "authenticationRequirement": f"{'single' if with_badge else 'multi'}FactorAuthentication",
        "status": {
            "errorCode": int(details.get("ErrorCode", "0")),
            "failureReason": None if succeeded else _WORDS.get(denial, denial),
            "additionalDetails": "; ".join(notes),
        },
        "authenticationDetails": [
            {
                "authenticationStepDateTime": moment,
                "authenticationMethod": method,
                "authenticationMethodDetail": f"{details.get('Kind', '')} QR code {details.get('QRCodeId', '')}"
                if with_badge
                else f"Passkey {details.get('PasskeyId', '')}",
                "succeeded": succeeded,
                "authenticationStepResultDetail": None if succeeded else _WORDS.get(denial, denial),
                "authenticationStepRequirement": "Primary authentication",
            }
        ],
    }
