"""Beyond Graph: who may come to the desk, with which roles and passkeys."""

from badgepin.domain.directory_role import BY_ID
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import passkey as services
from badgepin.services.passkey import DeskHolder

SCHEMA = Schema(
    "badgepin.deskHolder",
    {
        "id": Field("id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "userprincipalname": Field("user_principal_name", Kind.NAME),
        "accountenabled": Field("is_enabled", Kind.BOOLEAN),
    },
    advanced=False,
)


async def list_administrators(request: GraphRequest) -> GraphResponse:
    """GET a page of the people who may come to the desk, by name."""
    return await answer_list(
        request,
        Listed("badgepin/administrators", holder_json),
        lambda tx, query: services.page_of_holders(tx, request.call, query),
    )


def holder_json(holder: DeskHolder) -> Json:
    """`deskHolder`."""
    person = holder.person
    grants = sorted(person.grants, key=lambda grant: (grant.unit_id, grant.role_id))
    return {
        "id": person.id,
        "displayName": person.display_name,
        "userPrincipalName": person.user_principal_name,
        "accountEnabled": person.is_enabled,
        "roles": [
            {
                "roleDefinitionId": grant.role_id,
                "displayName": BY_ID[grant.role_id].display_name,
                "unitId": grant.unit_id or None,
            }
            for grant in grants
            if grant.role_id in BY_ID
        ],
        "passkeys": [
            {
                "id": key.id,
                "displayName": key.label,
                "createdDateTime": instant_text(key.created_at),
                "lastUsedDateTime": instant_text(key.last_used_at) if key.last_used_at else None,
            }
            for key in holder.passkeys
        ],
        "invitedUntilDateTime": instant_text(holder.invited_until) if holder.invited_until else None,
    }
