"""The directory's part of the table of contents: people, groups, administrative units, roles and applications."""

from dataclasses import replace

from badgepin.domain.group import MemberKind
from badgepin.graph import administrative_unit, application, directory_role, group, membership, service_principal, user
from badgepin.graph import permissions as may
from badgepin.graph.filter import Schema
from badgepin.graph.permissions import Permission
from badgepin.graph.request import Handler, Route


def _list(path: str, permission: Permission, handle: Handler, answer: str, schema: Schema) -> Route:
    """A list that can be queried."""
    return Route("GET", path, permission, handle, None, f"{answer}[]", schema=schema)


def _counted(
    path: str, permission: Permission, list_: Handler, count: Handler, answer: str, schema: Schema
) -> tuple[Route, Route]:
    """A list, and how long it is."""
    return (
        _list(path, permission, list_, answer, schema),
        Route("GET", f"{path}/$count", permission, count, schema=schema),
    )


def _of_kinds(
    path: str, permission: Permission, list_: Handler, count: Handler, kinds: tuple[MemberKind, ...]
) -> tuple[Route, ...]:
    """A list of objects of several kinds, and for each kind the list of that kind alone."""
    several = _counted(path, permission, list_, count, "directoryObject", membership.ANY_SCHEMA)
    alone = (
        _counted(f"{path}/{membership.CASTS[kind]}", permission, list_, count, kind.value, membership.SCHEMAS[kind])
        for kind in kinds
    )
    return (*several, *(route for pair in alone for route in pair))


_USER_ROUTES = (
    *_counted("/users", may.USER_LIST, user.list_users, user.count_users, "user", user.SCHEMA),
    Route("POST", "/users", may.USER_WRITE, user.create_user, "user", "user", (201,)),
    Route("GET", "/users/{user}", may.USER_READ, user.get_user, None, "user", schema=user.SCHEMA),
    Route("PATCH", "/users/{user}", may.USER_WRITE, user.patch_user, "user", "user", (200, 204)),
    Route("DELETE", "/users/{user}", may.USER_WRITE, user.delete_user, None, None, (204,)),
    *(
        route
        for whose in ("/users/{user}", "/me")
        for route in (
            Route("GET", f"{whose}/manager", may.USER_READ, user.get_manager, None, "directoryObject"),
            _list(
                f"{whose}/directReports",
                may.USER_READ,
                user.list_direct_reports,
                "user",
                replace(user.SCHEMA, expandable=()),
            ),
        )
    ),
    Route("PUT", "/users/{user}/manager/$ref", may.USER_WRITE, user.put_manager, "reference", None, (204,)),
    Route("DELETE", "/users/{user}/manager/$ref", may.USER_WRITE, user.delete_manager, None, None, (204,)),
    Route("POST", "/users/{user}/revokeSignInSessions", may.USER_REVOKE, user.revoke_sign_in_sessions),
    Route("GET", "/me", may.USER_READ, user.get_user, None, "user", schema=user.SCHEMA),
    Route("POST", "/me/revokeSignInSessions", may.USER_REVOKE, user.revoke_sign_in_sessions),
)


_INSIDE = (MemberKind.USER, MemberKind.GROUP)
_AROUND = (MemberKind.GROUP, MemberKind.UNIT, MemberKind.ROLE)
_MEMBERS = "/groups/{group}/members"
_OWNERS = "/groups/{group}/owners"
_GROUP_ROUTES = (
    *_counted("/groups", may.GROUP_READ, group.list_groups, group.count_groups, "group", group.SCHEMA),
    Route("POST", "/groups", may.GROUP_WRITE, group.create_group, "group", "group", (201,)),
    Route("GET", "/groups/{group}", may.GROUP_READ, group.get_group, None, "group", schema=group.SCHEMA),
    Route("PATCH", "/groups/{group}", may.GROUP_WRITE, group.patch_group, "group", "group", (200, 204)),
    Route("DELETE", "/groups/{group}", may.GROUP_WRITE, group.delete_group, None, None, (204,)),
    *_of_kinds(_MEMBERS, may.GROUP_READ, membership.list_group_members, membership.count_group_members, _INSIDE),
    Route("POST", f"{_MEMBERS}/$ref", may.GROUP_WRITE, group.add_member, "reference", None, (204,), fresh=True),
    Route("DELETE", f"{_MEMBERS}/{{member}}/$ref", may.GROUP_WRITE, group.remove_member, None, None, (204,)),
    *_of_kinds(
        "/groups/{group}/transitiveMembers",
        may.GROUP_READ,
        membership.list_transitive_members,
        membership.count_transitive_members,
        _INSIDE,
    ),
    _list(_OWNERS, may.GROUP_READ, membership.list_owners, "user", membership.SCHEMAS[MemberKind.USER]),
    Route("POST", f"{_OWNERS}/$ref", may.GROUP_WRITE, group.add_owner, "reference", None, (204,), fresh=True),
    Route("DELETE", f"{_OWNERS}/{{member}}/$ref", may.GROUP_WRITE, group.remove_owner, None, None, (204,)),
    *(
        route
        for whose in ("/users/{user}", "/me")
        for route in (
            *_of_kinds(
                f"{whose}/memberOf", may.GROUP_READ, membership.list_member_of, membership.count_member_of, _AROUND
            ),
            *_of_kinds(
                f"{whose}/transitiveMemberOf",
                may.GROUP_READ,
                membership.list_transitive_member_of,
                membership.count_transitive_member_of,
                _AROUND,
            ),
        )
    ),
)

_UNITS = "/directory/administrativeUnits"
_UNIT = f"{_UNITS}/{{unit}}"
_UNIT_ROUTES = (
    *_counted(
        _UNITS,
        may.UNIT_READ,
        administrative_unit.list_units,
        administrative_unit.count_units,
        "administrativeUnit",
        administrative_unit.SCHEMA,
    ),
    Route(
        "POST",
        _UNITS,
        may.UNIT_WRITE,
        administrative_unit.create_unit,
        "administrativeUnit",
        "administrativeUnit",
        (201,),
    ),
    Route(
        "GET",
        _UNIT,
        may.UNIT_READ,
        administrative_unit.get_unit,
        None,
        "administrativeUnit",
        schema=administrative_unit.SCHEMA,
    ),
    Route(
        "PATCH",
        _UNIT,
        may.UNIT_WRITE,
        administrative_unit.patch_unit,
        "administrativeUnit",
        "administrativeUnit",
        (200, 204),
    ),
    Route("DELETE", _UNIT, may.UNIT_WRITE, administrative_unit.delete_unit, None, None, (204,)),
    *_of_kinds(f"{_UNIT}/members", may.UNIT_READ, membership.list_unit_members, membership.count_unit_members, _INSIDE),
    Route("POST", f"{_UNIT}/members/$ref", may.UNIT_WRITE, administrative_unit.add_member, "reference", None, (204,)),
    Route(
        "DELETE",
        f"{_UNIT}/members/{{member}}/$ref",
        may.UNIT_WRITE,
        administrative_unit.remove_member,
        None,
        None,
        (204,),
    ),
)

_DEFINITIONS = "/roleManagement/directory/roleDefinitions"
_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
_SCOPED = f"{_UNIT}/scopedRoleMembers"
_ROLE_ROUTES = (
    _list(
        _DEFINITIONS,
        may.ROLE_READ,
        directory_role.list_definitions,
        "unifiedRoleDefinition",
        directory_role.ROLE_SCHEMA,
    ),
    Route(
        "GET", f"{_DEFINITIONS}/{{role}}", may.ROLE_READ, directory_role.get_definition, None, "unifiedRoleDefinition"
    ),
    *_counted(
        _ASSIGNMENTS,
        may.ROLE_READ,
        directory_role.list_assignments,
        directory_role.count_assignments,
        "unifiedRoleAssignment",
        directory_role.ASSIGNMENT_SCHEMA,
    ),
    Route(
        "POST",
        _ASSIGNMENTS,
        may.ROLE_WRITE,
        directory_role.create_assignment,
        "unifiedRoleAssignment",
        "unifiedRoleAssignment",
        (201,),
        fresh=True,
    ),
    Route(
        "GET",
        f"{_ASSIGNMENTS}/{{assignment}}",
        may.ROLE_READ,
        directory_role.get_assignment,
        None,
        "unifiedRoleAssignment",
    ),
    Route(
        "DELETE",
        f"{_ASSIGNMENTS}/{{assignment}}",
        may.ROLE_WRITE,
        directory_role.delete_assignment,
        None,
        None,
        (204,),
        fresh=True,
    ),
    _list("/directoryRoles", may.ROLE_READ, directory_role.list_roles, "directoryRole", directory_role.ROLE_SCHEMA),
    Route("GET", "/directoryRoles/{role}", may.ROLE_READ, directory_role.get_role, None, "directoryRole"),
    _list(
        "/directoryRoles/{role}/members",
        may.ROLE_READ,
        directory_role.list_role_members,
        "directoryObject",
        directory_role.HOLDER_SCHEMA,
    ),
    _list(
        _SCOPED,
        may.ROLE_READ,
        directory_role.list_scoped_members,
        "scopedRoleMembership",
        directory_role.SCOPED_SCHEMA,
    ),
    Route(
        "POST",
        _SCOPED,
        may.ROLE_WRITE,
        directory_role.create_scoped_member,
        "scopedRoleMembership",
        "scopedRoleMembership",
        (201,),
        fresh=True,
    ),
    Route(
        "GET",
        f"{_SCOPED}/{{membership}}",
        may.ROLE_READ,
        directory_role.get_scoped_member,
        None,
        "scopedRoleMembership",
    ),
    Route(
        "DELETE",
        f"{_SCOPED}/{{membership}}",
        may.ROLE_WRITE,
        directory_role.delete_scoped_member,
        None,
        None,
        (204,),
        fresh=True,
    ),
)

_APPLICATION = "/applications/{application}"
_PRINCIPAL = "/servicePrincipals/{principal}"
_GRANTED = f"{_PRINCIPAL}/appRoleAssignments"
_DELEGATION = "/oauth2PermissionGrants/{grant}"
_APPLICATION_ROUTES = (
    *_counted(
        "/applications",
        may.APPLICATION_READ,
        application.list_applications,
        application.count_applications,
        "application",
        application.SCHEMA,
    ),
    Route(
        "POST",
        "/applications",
        may.APPLICATION_WRITE,
        application.create_application,
        "application",
        "application",
        (201,),
    ),
    Route("GET", _APPLICATION, may.APPLICATION_READ, application.get_application, None, "application"),
    Route(
        "PATCH",
        _APPLICATION,
        may.APPLICATION_WRITE,
        application.patch_application,
        "application",
        None,
        (204,),
        fresh=True,
    ),
    Route("DELETE", _APPLICATION, may.APPLICATION_WRITE, application.delete_application, None, None, (204,)),
    Route(
        "POST",
        f"{_APPLICATION}/addPassword",
        may.APPLICATION_WRITE,
        application.add_password,
        "newPassword",
        "passwordCredential",
        fresh=True,
    ),
    Route(
        "POST",
        f"{_APPLICATION}/removePassword",
        may.APPLICATION_WRITE,
        application.remove_password,
        "oldPassword",
        None,
        (204,),
    ),
    _list(
        "/servicePrincipals",
        may.APPLICATION_READ,
        service_principal.list_service_principals,
        "servicePrincipal",
        service_principal.SCHEMA,
    ),
    Route(
        "POST",
        "/servicePrincipals",
        may.APPLICATION_WRITE,
        service_principal.create_service_principal,
        "servicePrincipal",
        None,
        (),
    ),
    Route("GET", _PRINCIPAL, may.APPLICATION_READ, service_principal.get_service_principal, None, "servicePrincipal"),
    Route("GET", _GRANTED, may.APPLICATION_READ, service_principal.list_assigned_roles, None, "appRoleAssignment[]"),
    Route(
        "POST",
        _GRANTED,
        may.GRANT_WRITE,
        service_principal.assign_role,
        "appRoleAssignment",
        "appRoleAssignment",
        (201,),
        fresh=True,
    ),
    Route("DELETE", f"{_GRANTED}/{{grant}}", may.GRANT_WRITE, service_principal.remove_role, None, None, (204,)),
    _list(
        "/oauth2PermissionGrants",
        may.APPLICATION_READ,
        service_principal.list_delegations,
        "oAuth2PermissionGrant",
        service_principal.DELEGATION_SCHEMA,
    ),
    Route(
        "POST",
        "/oauth2PermissionGrants",
        may.DELEGATED_GRANT_WRITE,
        service_principal.create_delegation,
        "oAuth2PermissionGrant",
        "oAuth2PermissionGrant",
        (201,),
    ),
    Route("GET", _DELEGATION, may.APPLICATION_READ, service_principal.get_delegation, None, "oAuth2PermissionGrant"),
    Route(
        "PATCH",
        _DELEGATION,
        may.DELEGATED_GRANT_WRITE,
        service_principal.patch_delegation,
        "oAuth2PermissionGrant",
        None,
        (204,),
    ),
    Route("DELETE", _DELEGATION, may.DELEGATED_GRANT_WRITE, service_principal.delete_delegation, None, None, (204,)),
)

DIRECTORY_ROUTES: tuple[Route, ...] = (
    *_USER_ROUTES,
    *_GROUP_ROUTES,
    *_UNIT_ROUTES,
    *_ROLE_ROUTES,
    *_APPLICATION_ROUTES,
)
