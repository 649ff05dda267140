"""Applications as principals of the tenant, and what they are granted.

The service itself is a principal too: the resource whose roles and scopes are granted, under the id that scripts know.
"""

from dataclasses import replace
from datetime import UTC, datetime

from badgepin.domain.application import Application, DelegatedGrant, PermissionGrant
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.filter import Field, Kind, holds
from badgepin.domain.ids import canonical_guid
from badgepin.domain.permission import BY_APPLICATION_ID, BY_VALUE, CATALOGUE, GRAPH_CLIENT
from badgepin.domain.query import Page, Query
from badgepin.graph.body import Json, invalid, required_text, text
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.paging import answer_page
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import application as applications
from badgepin.services import permission_grant as services
from badgepin.services.application import ApplicationView
from badgepin.services.permission_grant import WantedDelegation
from badgepin.store.transaction import Transaction

_LONGEST_SCOPE = 4096
_GRAPH = Application(GRAPH_CLIENT, GRAPH_CLIENT, GRAPH_CLIENT, "Microsoft Graph", datetime(1970, 1, 1, tzinfo=UTC))


SCHEMA = Schema(
    "microsoft.graph.servicePrincipal",
    {
        "id": Field("id", Kind.CODE),
        "appid": Field("client_id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "appdisplayname": Field("display_name", Kind.NAME),
        "accountenabled": Field("account_enabled", Kind.BOOLEAN),
    },
    sortable=frozenset({"displayname", "appid"}),
    searchable=("displayName",),
)
DELEGATION_SCHEMA = Schema(
    "microsoft.graph.oAuth2PermissionGrant",
    {
        "id": Field("id", Kind.CODE),
        "clientid": Field("client_id", Kind.CODE),
        "principalid": Field("principal_id", Kind.CODE),
    },
    advanced=False,
)


async def list_service_principals(request: GraphRequest) -> GraphResponse:
    """GET a page of service principals; `$filter=appId eq '00000003-...'` finds this service."""

    def read(tx: Transaction, query: Query) -> Page[Application]:
        found = applications.list_principals(tx, request.call, query)
        # this service is in no row: it shows when it is asked for, and then first
        if query.filter is None or query.after is not None or not holds(query.filter, _graph_value):
            return found
        count = None if found.count is None else found.count + 1
        return replace(found, items=[_GRAPH, *found.items], count=count)

    return await answer_list(request, Listed("servicePrincipals", principal_json), read)


def _graph_value(field: Field) -> str | bool:
    return GRAPH_CLIENT if field.name == "id" else getattr(_GRAPH, field.name)


async def get_service_principal(request: GraphRequest) -> GraphResponse:
    """GET one service principal, by id or as `servicePrincipals(appId='...')`."""
    named = request.keys["principal"]
    application = _GRAPH
    if named.lower() != GRAPH_CLIENT:
        view: ApplicationView = await request.installation.database.read(
            lambda tx: applications.get_application(tx, request.call, named)
        )
        application = view.application
    context: Json = {"@odata.context": request.context("servicePrincipals/$entity")}
    return request.answer(context | select(principal_json(application), selected(request)))


async def create_service_principal(request: GraphRequest) -> GraphResponse:
    """POST answers 400: every application here is a principal from the moment it is registered."""
    client = required_text(request.body(), "appId")
    view = await request.installation.database.read(lambda tx: applications.get_application(tx, request.call, client))
    message = (
        f"The service principal of '{view.application.client_id}' exists already: it was made with the application."
    )
    raise Conflict(Reason.VALUE_INVALID, message=message)


async def list_assigned_roles(request: GraphRequest) -> GraphResponse:
    """GET the permissions an application holds for itself."""
    application, grants = await request.installation.database.read(
        lambda tx: services.list_permissions(tx, request.call, request.keys["principal"])
    )
    shown = Page(grants[: request.top()])
    return answer_page(
        request, shown, fragment="appRoleAssignments", write=lambda grant: _assignment_json(application, grant)
    )


async def assign_role(request: GraphRequest) -> GraphResponse:
    """POST grants a permission to an application: 201."""
    application, grant = await request.installation.database.write(
        lambda tx: services.grant_permission(tx, request.call, request.keys["principal"], lambda: _wanted(request))
    )
    context: Json = {"@odata.context": request.context("appRoleAssignments/$entity")}
    return request.answer(context | _assignment_json(application, grant), status=201)


async def remove_role(request: GraphRequest) -> GraphResponse:
    """DELETE takes a permission back: 204, and tokens issued before end."""
    await request.installation.database.write(
        lambda tx: services.revoke_permission(tx, request.call, request.keys["principal"], request.keys["grant"])
    )
    return NO_CONTENT


async def list_delegations(request: GraphRequest) -> GraphResponse:
    """GET a page of delegated grants."""
    return await answer_list(
        request,
        Listed("oauth2PermissionGrants", lambda item: _delegation_json(*item)),
        lambda tx, query: services.list_delegations(tx, request.call, query),
    )


async def get_delegation(request: GraphRequest) -> GraphResponse:
    """GET one delegated grant."""
    grant, application = await request.installation.database.read(
        lambda tx: services.get_delegation(tx, request.call, request.keys["grant"])
    )
    return _delegation_answer(request, grant, application, 200)


async def create_delegation(request: GraphRequest) -> GraphResponse:
    """POST lets an application use scopes for people: 201."""
    grant, application = await request.installation.database.write(
        lambda tx: services.grant_delegation(tx, request.call, lambda: _wanted_delegation(request))
    )
    return _delegation_answer(request, grant, application, 201)


async def patch_delegation(request: GraphRequest) -> GraphResponse:
    """PATCH changes the scopes of a delegated grant: 204."""
    await request.installation.database.write(
        lambda tx: services.change_delegation(tx, request.call, request.keys["grant"], lambda: _scopes(request))
    )
    return NO_CONTENT


async def delete_delegation(request: GraphRequest) -> GraphResponse:
    """DELETE takes a delegated grant back: 204."""
    await request.installation.database.write(
        lambda tx: services.revoke_delegation(tx, request.call, request.keys["grant"])
    )
    return NO_CONTENT


def _wanted(request: GraphRequest) -> str:
    body = request.body()
    role = required_text(body, "appRoleId").lower()
    resource = text(body, "resourceId")
    if resource is not None and resource.lower() != GRAPH_CLIENT:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=resource)
    principal = text(body, "principalId")
    if principal is not None and principal.lower() != request.keys["principal"].lower():
        raise invalid("'principalId' must be the service principal in the path.")
    if permission := BY_APPLICATION_ID.get(role):
        return permission.value
    value = next((value for value in BY_VALUE if value.lower() == role), None)
    if value is None:
        raise invalid(f"'{role[:64]}' is not the id of an app role of this service.")
    return value


def _wanted_delegation(request: GraphRequest) -> WantedDelegation:
    body = request.body()
    kind = required_text(body, "consentType").lower()
    if kind not in {"allprincipals", "principal"}:
        raise invalid("'consentType' must be 'AllPrincipals' or 'Principal'.")
    user = canonical_guid(required_text(body, "principalId")) if kind == "principal" else None
    if kind == "principal" and user is None:
        raise invalid("'principalId' must be the id of a user.")
    return WantedDelegation(required_text(body, "clientId"), user, _scopes(request))


def _scopes(request: GraphRequest) -> frozenset[str]:
    return frozenset((text(request.body(), "scope", longest=_LONGEST_SCOPE) or "").split())


def _delegation_answer(
    request: GraphRequest, grant: DelegatedGrant, application: Application, status: int
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("oauth2PermissionGrants/$entity")}
    return request.answer(context | _delegation_json(grant, application.service_principal_id), status=status)


def _delegation_json(grant: DelegatedGrant, principal: str) -> Json:
    return {
        "id": grant.id,
        "clientId": principal,
        "consentType": "Principal" if grant.user_id else "AllPrincipals",
        "principalId": grant.user_id,
        "resourceId": GRAPH_CLIENT,
        "scope": " ".join(sorted(grant.scopes)),
    }


def _assignment_json(application: Application, grant: PermissionGrant) -> Json:
    return {
        "id": grant.id,
        "appRoleId": BY_VALUE[grant.permission].application_id or grant.permission,
        "createdDateTime": instant_text(grant.created_at),
        "principalId": application.service_principal_id,
        "principalDisplayName": application.display_name,
        "principalType": "ServicePrincipal",
        "resourceId": GRAPH_CLIENT,
        "resourceDisplayName": "Microsoft Graph",
    }


def principal_json(application: Application) -> Json:
    """`servicePrincipal`; only this service itself has roles and scopes to grant."""
    is_graph = application.client_id == GRAPH_CLIENT
    return {
        "id": application.service_principal_id,
        "appId": application.client_id,
        "displayName": application.display_name,
        "appDisplayName": application.display_name,
        "accountEnabled": application.account_enabled,
        "servicePrincipalType": "Application",
        "appRoles": _APP_ROLES if is_graph else [],
        "oauth2PermissionScopes": _SCOPES if is_graph else [],
    }


_APP_ROLES: list[Json] = [
    {"id": each.application_id, "value": each.value, "isEnabled": True, "allowedMemberTypes": ["Application"]}
    for each in CATALOGUE
    if each.application_id
]
_SCOPES: list[Json] = [
    {"id": each.delegated_id, "value": each.value, "isEnabled": True, "type": "Admin"}
    for each in CATALOGUE
    if each.delegated_id
]
