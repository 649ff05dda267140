"""What the desk of a person looks like: who they are, whose badges they see, and which pages are theirs."""

from dataclasses import dataclass

from badgepin.domain import directory_role as roles
from badgepin.domain.access import Reach, Refused, may_read_policy, may_write_policy, reach_over_people
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.caller import Call, Standing
from badgepin.domain.desk import INVITERS_OF_ALL
from badgepin.domain.directory_access import DirectoryAction, may_in_directory
from badgepin.domain.directory_role import BY_ID
from badgepin.domain.errors import NotPermitted, Reason
from badgepin.domain.query import Query
from badgepin.services.standing import require_standing
from badgepin.store import administrative_unit
from badgepin.store.transaction import Transaction

_PAGES = {
    "stores": DirectoryAction.READ_UNITS,
    "groups": DirectoryAction.READ_GROUPS,
    "roles": DirectoryAction.READ_ROLES,
    "applications": DirectoryAction.READ_APPLICATIONS,
    "administrators": DirectoryAction.READ_DESK_HOLDERS,
    "logs": DirectoryAction.READ_LOGS,
    "health": DirectoryAction.READ_HEALTH,
}
_MAY = {
    "writeUsers": DirectoryAction.WRITE_USERS,
    "writeStores": DirectoryAction.WRITE_UNITS,
    "writeGroups": DirectoryAction.WRITE_GROUPS,
    "writeRoleGroups": DirectoryAction.WRITE_ROLE_GROUPS,
    "writeRoles": DirectoryAction.WRITE_ROLES,
    "writeApplications": DirectoryAction.WRITE_APPLICATIONS,
    "grantPermissions": DirectoryAction.GRANT_PERMISSIONS,
}
_MOST_UNITS = 200


@dataclass(frozen=True)
class Desk:
    """Who looks after whom. `sees_everybody`: not only people of `units`; `pages`: what an administrator may open.

    `may`: what they may change there, so that a page shows no button that the API would refuse.
    """

    person: Standing
    role_names: tuple[str, ...]
    sees_people: bool
    sees_everybody: bool
    units: tuple[AdministrativeUnit, ...]
    pages: tuple[str, ...]
    may: tuple[str, ...]


def read_desk(tx: Transaction, call: Call) -> Desk:
    """The caller's desk. Raises `NotPermitted` for an application, which has none."""
    if call.caller.is_application:
        raise NotPermitted(Reason.PERSON_NEEDED)
    standing = require_standing(tx, call)
    reach = reach_over_people(call.caller, standing)
    everybody = isinstance(reach, Reach) and reach.units is None
    return Desk(
        standing,
        tuple(sorted({BY_ID[grant.role_id].display_name for grant in standing.grants if grant.role_id in BY_ID})),
        sees_people=isinstance(reach, Reach),
        sees_everybody=everybody,
        units=_units(tx, call, reach),
        pages=_pages(call, standing),
        may=_may(call, standing),
    )


def _units(tx: Transaction, call: Call, reach: Reach | Refused) -> tuple[AdministrativeUnit, ...]:
    if isinstance(reach, Refused):
        return ()
    if reach.units is None:
        return tuple(administrative_unit.list_page(tx, call.tenant_id, Query(_MOST_UNITS)).items)
    found = (administrative_unit.find(tx, call.tenant_id, unit) for unit in sorted(reach.units))
    return tuple(sorted((unit for unit in found if unit), key=lambda unit: unit.display_name))


def _pages(call: Call, standing: Standing) -> tuple[str, ...]:
    may = [
        name
        for name, action in _PAGES.items()
        if not isinstance(may_in_directory(call.caller, standing, action), Refused)
    ]
    if not isinstance(may_read_policy(call.caller, standing), Refused):
        may.insert(0, "policy")
    # a role for the tenant opens the administration's pages; who looks after badges only has none of them
    return tuple(may) if standing.tenant_roles - {roles.BADGE_MANAGER} else ()


def _may(call: Call, standing: Standing) -> tuple[str, ...]:
    may = [
        name
        for name, action in _MAY.items()
        if not isinstance(may_in_directory(call.caller, standing, action), Refused)
    ]
    if not isinstance(may_write_policy(call.caller, standing), Refused):
        may.insert(0, "writePolicy")
    if standing.tenant_roles & INVITERS_OF_ALL:
        may.append("inviteEverybody")
    elif roles.AUTHENTICATION_ADMINISTRATOR in standing.tenant_roles:
        may.append("inviteManagers")
    return tuple(may)
