"""Which permissions open which operations (graph-contract 5.2): a column of the route table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """The token scopes (delegated) and roles (application) of which one is enough.

    A delegated scope that does not end in `.All` reaches only the signed-in person where the operation is about people.
    `lenient` scopes are accepted unless the installation is strict.
    """

    name: str
    delegated: frozenset[str]
    application: frozenset[str]
    lenient: frozenset[str] = frozenset()

    def held_by(self, scopes: frozenset[str], *, application: bool, strict: bool) -> frozenset[str]:
        """Those of the token's scopes that open the operation."""
        accepted = self.application if application else self.delegated
        return scopes & (accepted if strict else accepted | self._lenient_for(application=application))

    def _lenient_for(self, *, application: bool) -> frozenset[str]:
        # an operation that applications may not call at all stays closed to them
        return frozenset() if application and not self.application else self.lenient


def _set(*values: str) -> frozenset[str]:
    return frozenset(values)


_QR_READ = _set("UserAuthMethod-QR.Read", "UserAuthMethod-QR.ReadWrite")
_QR_READ_ALL = _set("UserAuthMethod-QR.Read.All", "UserAuthMethod-QR.ReadWrite.All")
_UAM_READ = _set("UserAuthenticationMethod.Read", "UserAuthenticationMethod.ReadWrite")
_UAM_READ_ALL = _set("UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All")
_WRITE = _set("UserAuthMethod-QR.ReadWrite", "UserAuthenticationMethod.ReadWrite")
_WRITE_ALL = _set("UserAuthMethod-QR.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
_POLICY_READ = _set("Policy.Read.AuthenticationMethod", "Policy.ReadWrite.AuthenticationMethod")
_DIRECTORY_READ = _set("Directory.Read.All", "Directory.ReadWrite.All")
_DIRECTORY_WRITE = _set("Directory.ReadWrite.All")


def _same(name: str, values: frozenset[str], *, own: frozenset[str] = frozenset()) -> Permission:
    return Permission(name, delegated=values | own, application=values)


METHOD_READ = _same("S-READ", _QR_READ_ALL | _UAM_READ_ALL, own=_QR_READ | _UAM_READ)
METHOD_WRITE = _same("S-WRITE", _WRITE_ALL, own=_WRITE)
PIN_CHANGE = Permission(
    "S-PIN",
    delegated=_set("Directory.AccessAsUser.All"),
    application=frozenset(),
    lenient=_WRITE | _WRITE_ALL,
)
PASSKEY_READ = _same("S-FIDO2-READ", _UAM_READ_ALL, own=_UAM_READ)
PASSKEY_WRITE = _same(
    "S-FIDO2-WRITE", _set("UserAuthenticationMethod.ReadWrite.All"), own=_set("UserAuthenticationMethod.ReadWrite")
)
# an application could otherwise invite itself to be an administrator
INVITE = Permission("S-INVITE", delegated=_set("UserAuthenticationMethod.ReadWrite.All"), application=frozenset())
METHOD_LIST = _same("S-LIST", _UAM_READ_ALL, own=_UAM_READ)
POLICY_READ = _same("S-POL-READ", _POLICY_READ | {"Policy.Read.All"})
CONFIGURATION_READ = Permission(
    "S-CFG-READ", delegated=_POLICY_READ, application=_POLICY_READ, lenient=_set("Policy.Read.All")
)
POLICY_WRITE = _same("S-POL-WRITE", _set("Policy.ReadWrite.AuthenticationMethod"))
_STRENGTH_WRITE = _set("Policy.ReadWrite.ConditionalAccess", "Policy.ReadWrite.AuthenticationMethod")
STRENGTH_READ = _same("S-STRENGTH", _STRENGTH_WRITE | {"Policy.Read.AuthenticationMethod", "Policy.Read.All"})
STRENGTH_WRITE = _same("S-STRENGTH-WRITE", _STRENGTH_WRITE)
SIGN_IN_READ = _same("S-LOG", _set("AuditLog.Read.All"))
REPORT_READ = Permission(
    "S-REPORT",
    delegated=_set("AuditLog.Read.All"),
    application=_set("AuditLog.Read.All"),
    lenient=_UAM_READ_ALL,
)
FORECAST_READ = _same("FORECAST-READ", _QR_READ_ALL | _UAM_READ_ALL | {"AuditLog.Read.All"})
HEALTH_READ = _same("HEALTH-READ", _set("AuditLog.Read.All"))
AUDIT_READ = _same("S-AUDIT", _set("AuditLog.Read.All", "Directory.Read.All"))

USER_READ = _same(
    "USER-READ", _set("User.Read.All", "User.ReadWrite.All") | _DIRECTORY_READ, own=_set("User.Read", "User.ReadWrite")
)
USER_LIST = _same("USER-LIST", _set("User.Read.All", "User.ReadWrite.All") | _DIRECTORY_READ)
USER_WRITE = _same("USER-WRITE", _set("User.ReadWrite.All") | _DIRECTORY_WRITE)
USER_REVOKE = _same(
    "USER-REVOKE",
    _set("User.RevokeSessions.All", "User.ReadWrite.All") | _DIRECTORY_WRITE,
    own=_set("User.ReadWrite"),
)
GROUP_READ = _same(
    "GROUP-READ", _set("Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All") | _DIRECTORY_READ
)
GROUP_WRITE = _same("GROUP-WRITE", _set("Group.ReadWrite.All") | _DIRECTORY_WRITE)
UNIT_READ = _same(
    "UNIT-READ", _set("AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All") | _DIRECTORY_READ
)
UNIT_WRITE = _same("UNIT-WRITE", _set("AdministrativeUnit.ReadWrite.All") | _DIRECTORY_WRITE)
ROLE_READ = _same(
    "ROLE-READ", _set("RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory") | _DIRECTORY_READ
)
ROLE_WRITE = _same("ROLE-WRITE", _set("RoleManagement.ReadWrite.Directory"))
APPLICATION_READ = _same(
    "APPLICATION-READ", _set("Application.Read.All", "Application.ReadWrite.All") | _DIRECTORY_READ
)
APPLICATION_WRITE = _same("APPLICATION-WRITE", _set("Application.ReadWrite.All"))
GRANT_WRITE = _same("GRANT-WRITE", _set("AppRoleAssignment.ReadWrite.All"))
DELEGATED_GRANT_WRITE = _same("DELEGATED-GRANT-WRITE", _set("DelegatedPermissionGrant.ReadWrite.All"))
ORGANIZATION_READ = _same(
    "ORGANIZATION-READ",
    _set("Organization.Read.All", "Organization.ReadWrite.All", "User.Read.All") | _DIRECTORY_READ,
    own=_set("User.Read"),
)
ANY_TOKEN = Permission("ANY-TOKEN", delegated=frozenset(), application=frozenset())
"""For `$batch` and `$metadata`: each item of a batch is checked by its own route."""
