"""People in the directory."""

import re
import unicodedata
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.filter import fold

_LONGEST = 113
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zs", "Zl", "Zp"})
_UPN = re.compile(r"^[^\s@|\x00-\x1f\x7f]+@[^\s@|\x00-\x1f\x7f]+\Z")


class UserType(StrEnum):
    """A guest belongs to another organization."""

    MEMBER = "Member"
    GUEST = "Guest"


@dataclass(frozen=True)
class User:
    """A person. `user_principal_name` is the name they are found by; it may change, the id never does."""

    id: str
    user_principal_name: str
    display_name: str
    created_at: datetime
    account_enabled: bool = True
    user_type: UserType = UserType.MEMBER
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    mobile_phone: str | None = None
    business_phones: tuple[str, ...] = ()
    employee_id: str | None = None
    manager_id: str | None = None


def changed_fields(old: User, new: User) -> tuple[str, ...]:
    """The fields in which two states of a person differ."""
    return tuple(each.name for each in fields(User) if getattr(old, each.name) != getattr(new, each.name))


def user_principal_name_key(user_principal_name: str) -> str:
    """The form under which two spellings of a user principal name are the same person."""
    return fold(user_principal_name)


def check_user_principal_name(user_principal_name: str) -> None:
    """One `@` with text around it, nothing invisible, at most 113 characters. Raises `InvalidValue`."""
    invisible = any(unicodedata.category(letter) in _INVISIBLE for letter in user_principal_name)
    if invisible or len(user_principal_name) > _LONGEST or not _UPN.match(user_principal_name):
        message = f"'userPrincipalName' must look like name@domain and have at most {_LONGEST} characters."
        raise InvalidValue(Reason.VALUE_INVALID, message=message)
