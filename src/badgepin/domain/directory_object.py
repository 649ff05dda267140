"""What a list of members, owners or memberships may hold."""

from enum import Enum
from typing import TypeAlias

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.directory_role import DirectoryRole
from badgepin.domain.group import Group
from badgepin.domain.user import User

DirectoryObject: TypeAlias = User | Group | AdministrativeUnit | DirectoryRole


class Relation(Enum):
    """How one object leads to others."""

    MEMBERS = "members of a group"
    OWNERS = "owners of a group"
    UNIT_MEMBERS = "members of an administrative unit"
    MEMBER_OF = "groups, units and roles that somebody is directly in"
    MANAGER = "the one person who manages somebody"
    DIRECT_REPORTS = "the people whom somebody manages"
    TRANSITIVE_MEMBER_OF = "the same, also through groups"
