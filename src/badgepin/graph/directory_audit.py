"""`/auditLogs/directoryAudits`: the record as Graph shows it (graph-contract 11)."""

from badgepin.domain.audit import OCCURRED_AT, RecordedEvent
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json
from badgepin.graph.filter import Alone, Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import audit_log as services


def _text(name: str) -> Field:
    return Field(name, Kind.TEXT)


SCHEMA = Schema(
    "microsoft.graph.directoryAudit",
    {
        "id": Field("id", Kind.CODE),
        "activitydatetime": OCCURRED_AT,
        "activitydisplayname": _text("activity"),
        "category": _text("category"),
        "loggedbyservice": _text("service"),
        "operationtype": _text("operation"),
        "result": _text("result"),
        "resultreason": _text("result_reason"),
        "correlationid": Field("correlation_id", Kind.CODE),
        "initiatedby": {
            "user": {
                "id": Field("actor_user_id", Kind.CODE),
                "displayname": _text("actor_name"),
                "userprincipalname": _text("actor_user_principal_name"),
                "ipaddress": _text("ip_address"),
            },
            "app": {
                "appid": Field("actor_client_id", Kind.CODE),
                "displayname": _text("actor_name"),
                "serviceprincipalid": Field("actor_principal_id", Kind.CODE),
            },
        },
        "targetresources": Alone(
            {
                "id": Field("target_id", Kind.CODE),
                "displayname": _text("target_name"),
                "userprincipalname": _text("target_user_principal_name"),
                "type": _text("target_kind"),
            }
        ),
    },
    sortable=frozenset({"activitydatetime"}),
    advanced=False,
    contains=True,
)


async def list_directory_audits(request: GraphRequest) -> GraphResponse:
    """GET a page of events, the newest first."""
    return await answer_list(
        request,
        Listed("auditLogs/directoryAudits", audit_json),
        lambda tx, query: services.list_events(tx, request.call, query),
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
