"""Groups, and administrative units as far as membership goes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MemberKind(StrEnum):
    """What a member is, or what something is a member of."""

    USER = "user"
    GROUP = "group"
    UNIT = "administrativeUnit"
    ROLE = "directoryRole"


@dataclass(frozen=True)
class Group:
    """A group; a role-assignable one passes roles on to its members and takes people only."""

    id: str
    display_name: str
    created_at: datetime
    description: str | None = None
    mail_nickname: str | None = None
    is_assignable_to_role: bool = False


@dataclass(frozen=True)
class Member:
    """A member of a group or unit, with the names that lists show."""

    id: str
    kind: MemberKind
    display_name: str
    user_principal_name: str | None = None
