"""Roles held by people, groups and applications, for the tenant or in one administrative unit (graph-contract 5.5)."""

from dataclasses import dataclass
from datetime import datetime

from badgepin.domain.caller import TENANT_WIDE
from badgepin.domain.directory_role import BY_ID
from badgepin.domain.errors import InvalidValue, NotFound, Reason


@dataclass(frozen=True)
class RoleAssignment:
    """Who holds which role where; `unit_id` is `TENANT_WIDE` for the whole tenant."""

    id: str
    principal_id: str
    role_id: str
    unit_id: str
    created_at: datetime


@dataclass(frozen=True)
class Principal:
    """Who holds a role, with the names that lists show."""

    id: str
    display_name: str
    user_principal_name: str | None = None


def check_assignable(role_id: str, unit_id: str) -> None:
    """Raises `NotFound` for an unknown role, `InvalidValue` for one that cannot be held in a unit."""
    role = BY_ID.get(role_id)
    if role is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=role_id)
    if unit_id != TENANT_WIDE and not role.assignable_to_unit:
        raise InvalidValue(Reason.ROLE_NOT_ASSIGNABLE_TO_UNIT)
