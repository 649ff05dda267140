"""Who has registered the method, as reports tell it (graph-contract 11)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from badgepin.domain import directory_role as roles
from badgepin.domain.user import UserType

PRIVILEGED_ROLES = frozenset(
    {
        roles.GLOBAL_ADMINISTRATOR,
        roles.SECURITY_ADMINISTRATOR,
        roles.HELPDESK_ADMINISTRATOR,
        roles.USER_ADMINISTRATOR,
        roles.AUTHENTICATION_ADMINISTRATOR,
    }
)
"""Those of the roles here that Graph's reports count as privileged."""


class IncludedTypes(StrEnum):
    """Which people a summary counts, by their type."""

    ALL = "all"
    MEMBER = "member"
    GUEST = "guest"


class IncludedRoles(StrEnum):
    """Which people a summary counts, by the roles they hold."""

    ALL = "all"
    PRIVILEGED_ADMIN = "privilegedAdmin"
    ADMIN = "admin"
    USER = "user"


@dataclass(frozen=True)
class RegistrationDetails:
    """What one person has registered; `is_admin`: holds a role at any scope, directly or through a group."""

    user_id: str
    user_principal_name: str
    display_name: str
    user_type: UserType
    is_admin: bool
    has_method: bool
    updated_at: datetime


@dataclass(frozen=True)
class RegistrationCounts:
    """How many people there are, and how many of them have the method."""

    people: int
    registered: int
