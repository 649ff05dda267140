"""People who come in from a file: what a row says, and what would change because of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from badgepin.domain.errors import InvalidValue
from badgepin.domain.group import MemberKind
from badgepin.domain.user import User, UserType, check_user_principal_name, user_principal_name_key

_LONGEST_TEXT = 256
_MOST_PLACES = 50
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})

TEXTS = (
    "display_name",
    "given_name",
    "surname",
    "mail",
    "job_title",
    "department",
    "office_location",
    "mobile_phone",
    "employee_id",
)
"""The fields of a person that a file may set, besides the name they go by, whether they are enabled, and their kind."""


class Result(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class PersonRow:
    """One person in a file. `values` holds only what the file speaks of: None empties a field, absence leaves it."""

    line: int
    user_principal_name: str
    values: Mapping[str, str | bool | UserType | None] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why in words."""

    line: int
    user_principal_name: str
    reason: str


Row = PersonRow | BadRow


@dataclass(frozen=True)
class Outcome:
    """What became of a row, or would; `detail` says which properties, or why not."""

    line: int
    user_principal_name: str
    result: Result
    detail: str = ""


@dataclass(frozen=True)
class Place:
    """A group or unit that a row names; without an id it has to be made first."""

    kind: MemberKind
    name: str
    id: str | None = None
    hands_out_roles: bool = False


@dataclass(frozen=True)
class Import:
    """One import, as it is remembered; without `finished_at` it was interrupted or is running."""

    id: str
    file_name: str
    digest: bytes
    started_at: datetime
    finished_at: datetime | None = None
    undone_at: datetime | None = None
    created: int = 0
    updated: int = 0
    refused: int = 0


def read_person(line: int, cells: Mapping[str, str]) -> Row:
    """A row from its cells, by the names of fields; `groups` and `stores` hold names with `|` between them."""
    name = cells.get("user_principal_name", "").strip()
    try:
        check_user_principal_name(name)
        values: dict[str, str | bool | UserType | None] = {
            known: _text(known, cells[known]) for known in TEXTS if known in cells
        }
        if cells.get("account_enabled", "").strip():
            values["account_enabled"] = _yes_or_no(cells["account_enabled"])
        if cells.get("user_type", "").strip():
            values["user_type"] = _user_type(cells["user_type"])
        groups, stores = _places(cells.get("groups", "")), _places(cells.get("stores", ""))
    except InvalidValue as error:
        return BadRow(line, name, str(error.details.get("message", "The name is not valid.")))
    except ValueError as error:
        return BadRow(line, name, str(error))
    if values.get("display_name", "x") is None:
        del values["display_name"]
    if max(len(groups), len(stores)) > _MOST_PLACES:
        return BadRow(line, name, f"More than {_MOST_PLACES} groups or stores are named.")
    return PersonRow(line, name, values, groups, stores)


def without_duplicates(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, where a person's second one is refused with the line of the first."""
    seen: dict[int, int] = {}
    for row in rows:
        # 64 bits of a name's digest are enough to know it again, and a million of them fit in little memory
        digest = blake2b(user_principal_name_key(row.user_principal_name).encode(), digest_size=8).digest()
        first = seen.setdefault(int.from_bytes(digest), row.line) if isinstance(row, PersonRow) else row.line
        if first == row.line:
            yield row
        else:
            yield BadRow(row.line, row.user_principal_name, f"The same person is on line {first}: one line counts.")


def applied(row: PersonRow, existing: User | None, user_id: str, now: datetime) -> User:
    """The person as the row wants them; a new one goes by the first part of their name unless the row names them."""
    user = existing or User(user_id, row.user_principal_name, row.user_principal_name.partition("@")[0], now)
    return replace(user, **row.values)  # type: ignore[arg-type] # every name above is a field of that type


def _text(name: str, cell: str) -> str | None:
    text = cell.strip()
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"'{name}' is longer than {_LONGEST_TEXT} characters.")
    if any(letter < " " or letter == "\x7f" for letter in text):
        raise ValueError(f"'{name}' holds a character that cannot be shown.")
    return text or None


def _yes_or_no(cell: str) -> bool:
    word = cell.strip().casefold()
    if word not in _YES | _NO:
        raise ValueError(f"'account_enabled' must be true or false, not '{cell.strip()[:20]}'.")
    return word in _YES


def _user_type(cell: str) -> UserType:
    word = cell.strip().title()
    if word not in {"Member", "Guest"}:
        raise ValueError(f"'user_type' must be Member or Guest, not '{cell.strip()[:20]}'.")
    return UserType(word)


def _places(cell: str) -> tuple[str, ...]:
    names = dict.fromkeys(name for part in cell.split("|") if (name := _text("groups or stores", part)))
    return tuple(names)
