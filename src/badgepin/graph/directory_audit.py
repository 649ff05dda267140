"""`/auditLogs/directoryAudits`: the record as Graph shows it (graph-contract 11)."""

from datetime import datetime

from badgepin.domain.audit import Position, RecordedEvent
from badgepin.graph.body import Json
from badgepin.graph.json import instant_text
from badgepin.graph.paging import page, position
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.graph.selection import read_filter
from badgepin.services import audit_log as services


async def list_directory_audits(request: GraphRequest) -> GraphResponse:
    """GET a page of events, the newest first."""
    read_filter(request)
    moment, identifier = position(request, parts=2)
    after = Position(datetime.fromisoformat(moment), identifier) if moment else None
    items = await request.installation.database.read(
        lambda tx: services.list_events(tx, request.call, after=after, limit=request.top() + 1)
    )
    return page(
        request,
        items,
        fragment="auditLogs/directoryAudits",
        write=audit_json,
        key=lambda event: (event.occurred_at.isoformat(), event.id),
    )


async def get_directory_audit(request: GraphRequest) -> GraphResponse:
    """GET one event."""
    event = await request.installation.database.read(
        lambda tx: services.get_event(tx, request.call, request.keys["event"])
    )
    context: Json = {"@odata.context": request.context("auditLogs/directoryAudits/$entity")}
    return request.answer(context | audit_json(event))


def audit_json(event: RecordedEvent) -> Json:
    """`directoryAudit`."""
    personal = event.personal or {}
    return {
        "id": event.id,
        "category": event.category,
        "correlationId": event.correlation_id,
        "result": event.result,
        "resultReason": event.result_reason,
        "activityDisplayName": event.activity,
        "activityDateTime": instant_text(event.occurred_at),
        "loggedByService": event.service,
        "operationType": event.operation,
        "initiatedBy": _actor(event),
        "targetResources": [
            {
                "id": event.target_id,
                "displayName": personal.get("targetName") or None,
                "type": event.target_kind,
                "userPrincipalName": personal.get("targetUserPrincipalName") or None,
                "modifiedProperties": [
                    {"displayName": _property_name(name or ""), "oldValue": old, "newValue": new}
                    for name, old, new in event.facts.get("changes", [])
                ],
            }
        ],
        "additionalDetails": [{"key": key, "value": value} for key, value in event.facts.get("details", [])],
    }


def _property_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _actor(event: RecordedEvent) -> Json:
    personal = event.personal or {}
    if event.actor_kind == "application":
        application: Json = {
            "appId": event.facts.get("clientId"),
            "displayName": personal.get("actorName") or None,
            "servicePrincipalId": event.actor_id,
            "servicePrincipalName": None,
        }
        return {"user": None, "app": application}
    user: Json = {
        "id": event.actor_id,
        "displayName": personal.get("actorName") or None,
        "userPrincipalName": personal.get("actorUserPrincipalName") or None,
        "ipAddress": personal.get("ipAddress") or None,
    }
    return {"app": None, "user": user}
