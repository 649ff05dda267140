"""Directory roles on the wire: definitions, assignments, and roles held in a unit (graph-contract 5.5, 11)."""

from collections.abc import Callable, Mapping

from badgepin.domain.caller import TENANT_WIDE
from badgepin.domain.directory_role import BUILT_IN, BY_ID, DirectoryRole
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.filter import Field, Kind
from badgepin.domain.ids import canonical_guid
from badgepin.domain.query import Page, Query
from badgepin.domain.role_assignment import Principal, RoleAssignment
from badgepin.domain.small_list import page_of
from badgepin.graph.body import Json, child, invalid, required_text
from badgepin.graph.directory_object import role_json
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_count, answer_list
from badgepin.graph.query import expanded
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select
from badgepin.services import role_assignment as services
from badgepin.services.role_assignment import WantedAssignment
from badgepin.store.transaction import Transaction

_UNITS = "/administrativeUnits/"
_ID = Field("id", Kind.CODE)
ROLE_SCHEMA = Schema(
    "microsoft.graph.unifiedRoleDefinition",
    {
        "id": _ID,
        "templateid": _ID,
        "roletemplateid": _ID,
        "displayname": Field("display_name", Kind.NAME),
        "isbuiltin": Field("is_built_in", Kind.BOOLEAN),
        "isenabled": Field("is_enabled", Kind.BOOLEAN),
    },
    advanced=False,
)
_ROLE = Field("role_definition_id", Kind.CODE)
_ASSIGNMENT_FIELDS = {
    "id": _ID,
    "principalid": Field("principal_id", Kind.CODE),
    "roledefinitionid": _ROLE,
    "directoryscopeid": Field("directory_scope_id", Kind.CODE),
}
ASSIGNMENT_SCHEMA = Schema(
    "microsoft.graph.unifiedRoleAssignment",
    _ASSIGNMENT_FIELDS,
    sortable=frozenset({"principalid", "roledefinitionid"}),
    expandable=("principal", "roleDefinition"),
    advanced=False,
)
SCOPED_SCHEMA = Schema("microsoft.graph.scopedRoleMembership", {"id": _ID, "roleid": _ROLE}, advanced=False)
HOLDER_SCHEMA = Schema("microsoft.graph.directoryObject", {"id": Field("principal_id", Kind.CODE)}, advanced=False)


async def list_definitions(request: GraphRequest) -> GraphResponse:
    """GET a page of role definitions."""
    return await _role_page(request, "roleManagement/directory/roleDefinitions", definition_json)


async def get_definition(request: GraphRequest) -> GraphResponse:
    """GET one role definition."""
    role = await _role(request)
    context: Json = {"@odata.context": request.context("roleManagement/directory/roleDefinitions/$entity")}
    return request.answer(context | definition_json(role))


async def list_roles(request: GraphRequest) -> GraphResponse:
    """GET a page of directory roles; every built-in one is active."""
    return await _role_page(request, "directoryRoles", role_json)


async def get_role(request: GraphRequest) -> GraphResponse:
    """GET one directory role, by id or as `directoryRoles(roleTemplateId='...')`."""
    role = await _role(request)
    return request.answer({"@odata.context": request.context("directoryRoles/$entity")} | role_json(role))


async def list_role_members(request: GraphRequest) -> GraphResponse:
    """GET a page of those who hold a role for the whole tenant."""
    role = await _role(request)
    return await answer_list(
        request,
        Listed(
            "directoryObjects",
            lambda item: {"@odata.type": "#microsoft.graph.user"} | _principal_json(item[1]),
        ),
        lambda tx, query: services.list_holders(tx, request.call, role.id, query),
    )


async def list_assignments(request: GraphRequest) -> GraphResponse:
    """GET a page of role assignments."""
    more = expanded(request)
    return await answer_list(
        request,
        Listed("roleManagement/directory/roleAssignments", lambda item: _with(item, more)),
        lambda tx, query: services.list_assignments(tx, request.call, query),
    )


async def count_assignments(request: GraphRequest) -> GraphResponse:
    """GET how many role assignments there are, as text."""
    return await answer_count(request, lambda tx, query: services.count_assignments(tx, request.call, query))


def _with(item: tuple[RoleAssignment, Principal], more: Mapping[str, list[str]]) -> Json:
    assignment, principal = item
    answer = assignment_json(assignment)
    if "principal" in more:
        answer["principal"] = select(_principal_json(principal), more["principal"])
    if "roleDefinition" in more:
        answer["roleDefinition"] = select(definition_json(BY_ID[assignment.role_id]), more["roleDefinition"])
    return answer


async def get_assignment(request: GraphRequest) -> GraphResponse:
    """GET one role assignment."""
    assignment = await request.installation.database.read(
        lambda tx: services.get_assignment(tx, request.call, request.keys["assignment"])
    )
    return _assignment_answer(request, assignment, 200)


async def create_assignment(request: GraphRequest) -> GraphResponse:
    """POST gives a role: 201."""
    assignment = await request.installation.database.write(
        lambda tx: services.assign_role(tx, request.call, lambda: _wanted(request))
    )
    return _assignment_answer(request, assignment, 201)


async def delete_assignment(request: GraphRequest) -> GraphResponse:
    """DELETE takes a role away: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_assignment(tx, request.call, request.keys["assignment"])
    )
    return NO_CONTENT


async def list_scoped_members(request: GraphRequest) -> GraphResponse:
    """GET a page of the roles held in a unit."""
    return await answer_list(
        request,
        Listed("scopedRoleMemberships", lambda item: scoped_json(*item)),
        lambda tx, query: services.list_in_unit(tx, request.call, request.keys["unit"], query),
    )


async def get_scoped_member(request: GraphRequest) -> GraphResponse:
    """GET one role held in a unit."""
    unit, name = request.keys["unit"], request.keys["membership"]
    assignment, principal = await request.installation.database.read(
        lambda tx: (
            found := services.get_assignment(tx, request.call, name, unit_id=unit),
            services.principal_of(tx, request.call, found.principal_id),
        )
    )
    return request.answer(scoped_json(assignment, principal))


async def create_scoped_member(request: GraphRequest) -> GraphResponse:
    """POST gives a role in a unit: 201."""
    assignment, principal = await request.installation.database.write(
        lambda tx: (
            made := services.assign_role(tx, request.call, lambda: _wanted_in_unit(request)),
            services.principal_of(tx, request.call, made.principal_id),
        )
    )
    context: Json = {"@odata.context": request.context("scopedRoleMemberships/$entity")}
    return request.answer(context | scoped_json(assignment, principal), status=201)


async def delete_scoped_member(request: GraphRequest) -> GraphResponse:
    """DELETE takes a role in a unit away: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_assignment(
            tx, request.call, request.keys["membership"], unit_id=request.keys["unit"]
        )
    )
    return NO_CONTENT


async def _role_page(request: GraphRequest, fragment: str, write: Callable[[DirectoryRole], Json]) -> GraphResponse:
    """The built-in roles are in no table, so the query runs in memory."""

    def read(tx: Transaction, query: Query) -> Page[DirectoryRole]:
        services.check_may_read(tx, request.call)
        return page_of(BUILT_IN, query, _role_value, lambda role: role.id)

    return await answer_list(request, Listed(fragment, write), read)


def _role_value(role: DirectoryRole, field: Field) -> str | bool:
    return True if field.kind is Kind.BOOLEAN else getattr(role, field.name)


async def _role(request: GraphRequest) -> DirectoryRole:
    await request.installation.database.read(lambda tx: services.check_may_read(tx, request.call))
    named = request.keys["role"].lower()
    role = BY_ID.get(named)
    if role is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=request.keys["role"])
    return role


def _wanted(request: GraphRequest) -> WantedAssignment:
    body = request.body()
    scope = required_text(body, "directoryScopeId")
    unit = TENANT_WIDE
    if scope != "/":
        unit_id = canonical_guid(scope[len(_UNITS) :]) if scope.casefold().startswith(_UNITS.casefold()) else None
        if unit_id is None:
            raise invalid("'directoryScopeId' must be '/' or '/administrativeUnits/{id}'.")
        unit = unit_id
    return WantedAssignment(required_text(body, "principalId"), required_text(body, "roleDefinitionId").lower(), unit)


def _wanted_in_unit(request: GraphRequest) -> WantedAssignment:
    body = request.body()
    member = child(body, "roleMemberInfo")
    if member is None:
        raise invalid("'roleMemberInfo' is required.")
    unit = request.keys["unit"].lower()
    return WantedAssignment(required_text(member, "id"), required_text(body, "roleId").lower(), unit)


def _assignment_answer(request: GraphRequest, assignment: RoleAssignment, status: int) -> GraphResponse:
    context: Json = {"@odata.context": request.context("roleManagement/directory/roleAssignments/$entity")}
    return request.answer(context | assignment_json(assignment), status=status)


def definition_json(role: DirectoryRole) -> Json:
    """`unifiedRoleDefinition`."""
    return {
        "id": role.id,
        "displayName": role.display_name,
        "description": role.description,
        "isBuiltIn": True,
        "isEnabled": True,
        "templateId": role.id,
        "resourceScopes": ["/"],
        "version": "1",
        "rolePermissions": [],
    }


def assignment_json(assignment: RoleAssignment) -> Json:
    """`unifiedRoleAssignment`."""
    return {
        "id": assignment.id,
        "principalId": assignment.principal_id,
        "roleDefinitionId": assignment.role_id,
        "directoryScopeId": f"{_UNITS}{assignment.unit_id}" if assignment.unit_id else "/",
    }


def scoped_json(assignment: RoleAssignment, principal: Principal) -> Json:
    """`scopedRoleMembership`."""
    return {
        "id": assignment.id,
        "roleId": assignment.role_id,
        "administrativeUnitId": assignment.unit_id,
        "roleMemberInfo": _principal_json(principal),
    }


def _principal_json(principal: Principal) -> Json:
    return {
        "id": principal.id,
        "displayName": principal.display_name,
        "userPrincipalName": principal.user_principal_name,
    }
