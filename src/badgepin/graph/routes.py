"""The table of contents of the Graph API: verb, path, permission, function.

A path matches in any case (graph-contract 3.1); what is below `/users/{user}/authentication` is served below `/me` too.
"""

from dataclasses import replace

from badgepin.graph import (
    administrative_unit,
    application,
    batch,
    directory_audit,
    directory_role,
    group,
    method_policy,
    organization,
    pin,
    qr_code_pin,
    service_principal,
    sign_in_help,
    sign_in_log,
    user,
)
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

# a row: verb, path, permission, function; then body, answer and statuses as OpenAPI describes them
_METHODS = "/users/{user}/authentication/methods"
_METHOD = "/users/{user}/authentication/qrCodePinMethod"
_TYPE = "qrCodePinAuthenticationMethod"
_METHOD_ROUTES = (
    Route("GET", _METHODS, may.METHOD_LIST, qr_code_pin.list_methods, None, f"{_TYPE}[]"),
    Route("GET", f"{_METHODS}/{{method}}", may.METHOD_LIST, qr_code_pin.get_listed_method, None, _TYPE),
    Route("GET", _METHOD, may.METHOD_READ, qr_code_pin.get_method, None, _TYPE),
    Route("PUT", _METHOD, may.METHOD_WRITE, qr_code_pin.put_method, _TYPE, _TYPE, (201,)),
    Route("DELETE", _METHOD, may.METHOD_WRITE, qr_code_pin.delete_method, None, None, (204,)),
    Route("GET", f"{_METHOD}/standardQRCode", may.METHOD_READ, qr_code_pin.get_standard_qr_code, None, "qrCode"),
    Route(
        "PATCH",
        f"{_METHOD}/standardQRCode",
        may.METHOD_WRITE,
        qr_code_pin.patch_standard_qr_code,
        "qrCode",
        "qrCode",
        (200, 201),
    ),
    Route(
        "DELETE", f"{_METHOD}/standardQRCode", may.METHOD_WRITE, qr_code_pin.delete_standard_qr_code, None, None, (204,)
    ),
    Route("GET", f"{_METHOD}/temporaryQRCode", may.METHOD_READ, qr_code_pin.get_temporary_qr_code, None, "qrCode"),
    Route(
        "PATCH",
        f"{_METHOD}/temporaryQRCode",
        may.METHOD_WRITE,
        qr_code_pin.patch_temporary_qr_code,
        "qrCode",
        "qrCode",
        (200, 201),
    ),
    Route(
        "DELETE",
        f"{_METHOD}/temporaryQRCode",
        may.METHOD_WRITE,
        qr_code_pin.delete_temporary_qr_code,
        None,
        None,
        (204,),
    ),
    Route("GET", f"{_METHOD}/pin", may.METHOD_READ, qr_code_pin.get_pin, None, "qrPin"),
    Route("PATCH", f"{_METHOD}/pin", may.METHOD_WRITE, pin.reset_pin, "qrPin", "qrPin", (200, 201)),
    *(
        Route(verb, f"{_METHOD}{path}", may.PIN_CHANGE, pin.update_pin, "pinChange", None, (204,))
        for verb in ("PATCH", "POST")
        for path in ("/pin/updatePin", "/updatePin", "/pin/microsoft.graph.updatePin", "/microsoft.graph.updatePin")
    ),
)

_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_CONFIGURATION = f"{_CONFIGURATIONS}/{{configuration}}"
_CONFIGURATION_TYPE = "qrCodePinAuthenticationMethodConfiguration"
_POLICY_ROUTES = (
    Route("GET", _POLICY, may.POLICY_READ, method_policy.get_policy, None, "authenticationMethodsPolicy"),
    Route(
        "PATCH",
        _POLICY,
        may.POLICY_WRITE,
        method_policy.patch_policy,
        "authenticationMethodsPolicy",
        "authenticationMethodsPolicy",
        (200, 204),
    ),
    Route(
        "GET",
        _CONFIGURATIONS,
        may.POLICY_READ,
        method_policy.list_configurations,
        None,
        "authenticationMethodConfiguration[]",
    ),
    Route("GET", _CONFIGURATION, may.CONFIGURATION_READ, method_policy.get_configuration, None, _CONFIGURATION_TYPE),
    Route(
        "PATCH",
        _CONFIGURATION,
        may.POLICY_WRITE,
        method_policy.patch_configuration,
        _CONFIGURATION_TYPE,
        _CONFIGURATION_TYPE,
        (200, 204),
    ),
    Route("DELETE", _CONFIGURATION, may.POLICY_WRITE, method_policy.delete_configuration, None, None, (204,)),
)

_USER_ROUTES = (
    Route("GET", "/users", may.USER_LIST, user.list_users, None, "user[]"),
    Route("POST", "/users", may.USER_WRITE, user.create_user, "user", "user", (201,)),
    Route("GET", "/users/$count", may.USER_LIST, user.count_users),
    Route("GET", "/users/{user}", may.USER_READ, user.get_user, None, "user"),
    Route("PATCH", "/users/{user}", may.USER_WRITE, user.patch_user, "user", "user", (200, 204)),
    Route("DELETE", "/users/{user}", may.USER_WRITE, user.delete_user, None, None, (204,)),
    Route("POST", "/users/{user}/revokeSignInSessions", may.USER_REVOKE, user.revoke_sign_in_sessions),
    Route("GET", "/me", may.USER_READ, user.get_user, None, "user"),
    Route("POST", "/me/revokeSignInSessions", may.USER_REVOKE, user.revoke_sign_in_sessions),
)

_GROUP_ROUTES = (
    Route("GET", "/groups", may.GROUP_READ, group.list_groups, None, "group[]"),
    Route("POST", "/groups", may.GROUP_WRITE, group.create_group, "group", "group", (201,)),
    Route("GET", "/groups/{group}", may.GROUP_READ, group.get_group, None, "group"),
    Route("PATCH", "/groups/{group}", may.GROUP_WRITE, group.patch_group, "group", "group", (200, 204)),
    Route("DELETE", "/groups/{group}", may.GROUP_WRITE, group.delete_group, None, None, (204,)),
    Route("GET", "/groups/{group}/members", may.GROUP_READ, group.list_members, None, "directoryObject[]"),
    Route("POST", "/groups/{group}/members/$ref", may.GROUP_WRITE, group.add_member, "reference", None, (204,)),
    Route("DELETE", "/groups/{group}/members/{member}/$ref", may.GROUP_WRITE, group.remove_member, None, None, (204,)),
    Route(
        "GET",
        "/groups/{group}/transitiveMembers",
        may.GROUP_READ,
        group.list_transitive_members,
        None,
        "directoryObject[]",
    ),
    Route("GET", "/groups/{group}/owners", may.GROUP_READ, group.list_owners, None, "directoryObject[]"),
    Route("POST", "/groups/{group}/owners/$ref", may.GROUP_WRITE, group.add_owner, "reference", None, (204,)),
    Route("DELETE", "/groups/{group}/owners/{member}/$ref", may.GROUP_WRITE, group.remove_owner, None, None, (204,)),
    Route("GET", "/users/{user}/memberOf", may.GROUP_READ, group.list_groups_of_user, None, "directoryObject[]"),
    Route(
        "GET",
        "/users/{user}/transitiveMemberOf",
        may.GROUP_READ,
        group.list_all_groups_of_user,
        None,
        "directoryObject[]",
    ),
    Route("GET", "/me/memberOf", may.GROUP_READ, group.list_groups_of_user, None, "directoryObject[]"),
    Route("GET", "/me/transitiveMemberOf", may.GROUP_READ, group.list_all_groups_of_user, None, "directoryObject[]"),
)

_UNITS = "/directory/administrativeUnits"
_UNIT = f"{_UNITS}/{{unit}}"
_UNIT_ROUTES = (
    Route("GET", _UNITS, may.UNIT_READ, administrative_unit.list_units, None, "administrativeUnit[]"),
    Route(
        "POST",
        _UNITS,
        may.UNIT_WRITE,
        administrative_unit.create_unit,
        "administrativeUnit",
        "administrativeUnit",
        (201,),
    ),
    Route("GET", _UNIT, may.UNIT_READ, administrative_unit.get_unit, None, "administrativeUnit"),
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
    Route("GET", f"{_UNIT}/members", may.UNIT_READ, administrative_unit.list_members, None, "directoryObject[]"),
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
    Route("GET", _DEFINITIONS, may.ROLE_READ, directory_role.list_definitions, None, "unifiedRoleDefinition[]"),
    Route(
        "GET", f"{_DEFINITIONS}/{{role}}", may.ROLE_READ, directory_role.get_definition, None, "unifiedRoleDefinition"
    ),
    Route("GET", _ASSIGNMENTS, may.ROLE_READ, directory_role.list_assignments, None, "unifiedRoleAssignment[]"),
    Route(
        "POST",
        _ASSIGNMENTS,
        may.ROLE_WRITE,
        directory_role.create_assignment,
        "unifiedRoleAssignment",
        "unifiedRoleAssignment",
        (201,),
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
        "DELETE", f"{_ASSIGNMENTS}/{{assignment}}", may.ROLE_WRITE, directory_role.delete_assignment, None, None, (204,)
    ),
    Route("GET", "/directoryRoles", may.ROLE_READ, directory_role.list_roles, None, "directoryRole[]"),
    Route("GET", "/directoryRoles/{role}", may.ROLE_READ, directory_role.get_role, None, "directoryRole"),
    Route(
        "GET",
        "/directoryRoles/{role}/members",
        may.ROLE_READ,
        directory_role.list_role_members,
        None,
        "directoryObject[]",
    ),
    Route("GET", _SCOPED, may.ROLE_READ, directory_role.list_scoped_members, None, "scopedRoleMembership[]"),
    Route(
        "POST",
        _SCOPED,
        may.ROLE_WRITE,
        directory_role.create_scoped_member,
        "scopedRoleMembership",
        "scopedRoleMembership",
        (201,),
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
        "DELETE", f"{_SCOPED}/{{membership}}", may.ROLE_WRITE, directory_role.delete_scoped_member, None, None, (204,)
    ),
)

_APPLICATION = "/applications/{application}"
_PRINCIPAL = "/servicePrincipals/{principal}"
_GRANTED = f"{_PRINCIPAL}/appRoleAssignments"
_DELEGATION = "/oauth2PermissionGrants/{grant}"
_APPLICATION_ROUTES = (
    Route("GET", "/applications", may.APPLICATION_READ, application.list_applications, None, "application[]"),
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
    Route("PATCH", _APPLICATION, may.APPLICATION_WRITE, application.patch_application, "application", None, (204,)),
    Route("DELETE", _APPLICATION, may.APPLICATION_WRITE, application.delete_application, None, None, (204,)),
    Route(
        "POST",
        f"{_APPLICATION}/addPassword",
        may.APPLICATION_WRITE,
        application.add_password,
        "newPassword",
        "passwordCredential",
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
    Route(
        "GET",
        "/servicePrincipals",
        may.APPLICATION_READ,
        service_principal.list_service_principals,
        None,
        "servicePrincipal[]",
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
    ),
    Route("DELETE", f"{_GRANTED}/{{grant}}", may.GRANT_WRITE, service_principal.remove_role, None, None, (204,)),
    Route(
        "GET",
        "/oauth2PermissionGrants",
        may.APPLICATION_READ,
        service_principal.list_delegations,
        None,
        "oAuth2PermissionGrant[]",
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

_LOG_ROUTES = (
    Route("GET", "/organization", may.ORGANIZATION_READ, organization.list_organizations, None, "organization[]"),
    Route(
        "GET",
        "/auditLogs/directoryAudits",
        may.AUDIT_READ,
        directory_audit.list_directory_audits,
        None,
        "directoryAudit[]",
    ),
    Route(
        "GET",
        "/auditLogs/directoryAudits/{event}",
        may.AUDIT_READ,
        directory_audit.get_directory_audit,
        None,
        "directoryAudit",
    ),
    Route("GET", "/auditLogs/signIns", may.SIGN_IN_READ, sign_in_log.list_sign_ins, None, "signIn[]"),
    Route("GET", "/auditLogs/signIns/{event}", may.SIGN_IN_READ, sign_in_log.get_sign_in, None, "signIn"),
)

# beyond Graph
_HELP_ROUTES = (
    Route("POST", f"{_METHOD}/pin/unlock", may.METHOD_WRITE, sign_in_help.unlock_pin, "unlock", None, (204,)),
    Route("GET", "/badgepin/handles/{handle}", may.METHOD_READ, sign_in_help.explain_handle, None, "handle"),
)

ROUTES: tuple[Route, ...] = (
    *_METHOD_ROUTES,
    *(replace(route, path=route.path.replace("/users/{user}", "/me")) for route in _METHOD_ROUTES),
    *_POLICY_ROUTES,
    *_USER_ROUTES,
    *_GROUP_ROUTES,
    *_UNIT_ROUTES,
    *_ROLE_ROUTES,
    *_APPLICATION_ROUTES,
    *_LOG_ROUTES,
    *_HELP_ROUTES,
    Route("POST", "/$batch", may.ANY_TOKEN, batch.post_batch, "batch"),
)
