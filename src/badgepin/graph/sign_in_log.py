"""`/auditLogs/signIns`: every attempt after a proven badge, as Graph shows sign-ins (graph-contract 11)."""

from datetime import datetime

from badgepin.domain.audit import Position, RecordedEvent
from badgepin.graph.body import Json
from badgepin.graph.json import instant_text
from badgepin.graph.paging import page, position
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.graph.selection import read_filter
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
}


async def list_sign_ins(request: GraphRequest) -> GraphResponse:
    """GET a page of sign-ins, the newest first."""
    read_filter(request)
    moment, identifier = position(request, parts=2)
    after = Position(datetime.fromisoformat(moment), identifier) if moment else None
    items = await request.installation.database.read(
        lambda tx: services.list_events(tx, request.call, after=after, limit=request.top() + 1, sign_ins=True)
    )
    return page(
        request,
        items,
        fragment="auditLogs/signIns",
        write=sign_in_json,
        key=lambda event: (event.occurred_at.isoformat(), event.id),
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
    notes = [f"QR code: {details.get('Kind', '')}"]
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
        "signInIdentifierType": "qrCode",
        "userAgent": details.get("UserAgent"),
        "authenticationRequirement": "singleFactorAuthentication",
        "status": {
            "errorCode": int(details.get("ErrorCode", "0")),
            "failureReason": None if succeeded else _WORDS.get(denial, denial),
            "additionalDetails": "; ".join(notes),
        },
        "authenticationDetails": [
            {
                "authenticationStepDateTime": moment,
                "authenticationMethod": _METHOD,
                "authenticationMethodDetail": f"{details.get('Kind', '')} QR code {details.get('QRCodeId', '')}",
                "succeeded": succeeded,
                "authenticationStepResultDetail": None if succeeded else _WORDS.get(denial, denial),
                "authenticationStepRequirement": "Primary authentication",
            }
        ],
    }
