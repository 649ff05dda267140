"""Who may read and change the directory: the roles that a delegated call needs besides its permission.

Application tokens need no role. A person reads their own entry without a role. At the desk, who looks after a store
reads its people through their badges (`domain/access.py`) and nothing else. Only who may assign roles
may touch people who hold one, or anything that hands one on.
"""

from enum import Enum

from badgepin.domain import directory_role as roles
from badgepin.domain.access import ALLOWED, Decision, Refused
from badgepin.domain.caller import Caller, Standing
from badgepin.domain.errors import Reason


class DirectoryAction(Enum):
    """What is done to the directory, each with the roles of which one is enough (`None`: any member may)."""

    READ_USERS = "read users"
    WRITE_USERS = "write users"
    WRITE_ADMINISTRATORS = "write users who hold a role"
    READ_GROUPS = "read groups"
    WRITE_GROUPS = "write groups"
    WRITE_ROLE_GROUPS = "write groups that roles can be assigned to"
    READ_UNITS = "read administrative units"
    WRITE_UNITS = "write administrative units"
    READ_ROLES = "read roles"
    WRITE_ROLES = "assign roles"
    READ_APPLICATIONS = "read applications"
    WRITE_APPLICATIONS = "write applications"
    GRANT_PERMISSIONS = "grant permissions to applications"
    READ_LOGS = "read logs"
    READ_ORGANIZATION = "read the organization"
    READ_DESK_HOLDERS = "read who comes to the desk"
    READ_HEALTH = "read the installation's health"


_MEMBERS_MAY = {
    DirectoryAction.READ_USERS,
    DirectoryAction.READ_GROUPS,
    DirectoryAction.READ_UNITS,
    DirectoryAction.READ_ROLES,
    DirectoryAction.READ_APPLICATIONS,
    DirectoryAction.READ_ORGANIZATION,
}
_ROLES: dict[DirectoryAction, frozenset[str]] = {
    DirectoryAction.WRITE_USERS: frozenset(
        {roles.GLOBAL_ADMINISTRATOR, roles.USER_ADMINISTRATOR, roles.DIRECTORY_WRITERS}
    ),
    DirectoryAction.WRITE_ADMINISTRATORS: frozenset({roles.GLOBAL_ADMINISTRATOR}),
    DirectoryAction.WRITE_GROUPS: frozenset(
        {
            roles.GLOBAL_ADMINISTRATOR,
            roles.USER_ADMINISTRATOR,
            roles.GROUPS_ADMINISTRATOR,
            roles.DIRECTORY_WRITERS,
        }
    ),
    DirectoryAction.WRITE_ROLE_GROUPS: frozenset({roles.GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_ROLE_ADMINISTRATOR}),
    DirectoryAction.WRITE_UNITS: frozenset({roles.GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_ROLE_ADMINISTRATOR}),
    DirectoryAction.WRITE_ROLES: frozenset({roles.GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_ROLE_ADMINISTRATOR}),
    DirectoryAction.WRITE_APPLICATIONS: frozenset(
        {roles.GLOBAL_ADMINISTRATOR, roles.APPLICATION_ADMINISTRATOR, roles.CLOUD_APPLICATION_ADMINISTRATOR}
    ),
    # who hands out permissions could hand out any: only who may have them all
    DirectoryAction.GRANT_PERMISSIONS: frozenset({roles.GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_ROLE_ADMINISTRATOR}),
    DirectoryAction.READ_LOGS: frozenset(
        {
            roles.GLOBAL_ADMINISTRATOR,
            roles.GLOBAL_READER,
            roles.REPORTS_READER,
            roles.SECURITY_READER,
            roles.SECURITY_ADMINISTRATOR,
        }
    ),
    DirectoryAction.READ_DESK_HOLDERS: frozenset(
        {
            roles.GLOBAL_ADMINISTRATOR,
            roles.GLOBAL_READER,
            roles.AUTHENTICATION_ADMINISTRATOR,
            roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
        }
    ),
    DirectoryAction.READ_HEALTH: frozenset(
        {roles.GLOBAL_ADMINISTRATOR, roles.GLOBAL_READER, roles.SECURITY_READER, roles.SECURITY_ADMINISTRATOR}
    ),
}


def may_in_directory(caller: Caller, standing: Standing, action: DirectoryAction) -> Decision:
    """May this caller do this in the directory? Without a role for the tenant, guests and the desk read nothing."""
    if caller.is_application:
        return ALLOWED
    if action in _MEMBERS_MAY:
        readers = standing.tenant_roles - {roles.GUEST_INVITER}
        limited = standing.is_guest or caller.is_at_desk
        return ALLOWED if not limited or readers else Refused(Reason.ROLE_MISSING)
    return ALLOWED if standing.tenant_roles & _ROLES[action] else Refused(Reason.ROLE_MISSING)
