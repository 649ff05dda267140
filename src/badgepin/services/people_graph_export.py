"""Reading people from what Microsoft Graph lists: `/users`, and `/groups?$expand=members`, as JSON or JSON lines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from badgepin.domain.people_import import TEXTS, BadRow, Row, read_person
from badgepin.services.people_csv import FileRefused

_LARGEST = 512 * 1024 * 1024
_NAMES = {
    "userPrincipalName": "user_principal_name",
    "accountEnabled": "account_enabled",
    "userType": "user_type",
    **{name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]): name for name in TEXTS},
}


def read_objects(stream: BinaryIO, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The objects of a file with their numbers: a list, an answer with `value`, or one object a line.

    Raises `FileRefused`.
    """
    content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise FileRefused(f"{name} is larger than {_LARGEST // 1024 // 1024} MB: export it in parts.")
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        whole = None
    if isinstance(whole, dict):
        whole = whole.get("value", [whole])
    if isinstance(whole, list):
        return _objects(whole)
    found = list(_lines(content, name))
    if not found:
        raise FileRefused(f"{name} holds no users or groups: export them from /users or /groups as JSON.")
    return found


def read_rows(files: Iterable[tuple[str, BinaryIO]]) -> Iterator[Row]:
    """The people of all files, each with the groups that some file puts them in. Raises `FileRefused`."""
    groups: defaultdict[str, dict[str, None]] = defaultdict(dict)
    people: list[tuple[int, Mapping[str, Any]]] = []
    for name, stream in files:
        for number, item in read_objects(stream, name):
            if "userPrincipalName" in item:
                people.append((number, item))
            elif isinstance(item.get("members"), list) and isinstance(item.get("displayName"), str):
                for key in _member_keys(item["members"]):
                    groups[key][item["displayName"].replace("|", " ")] = None
    for number, item in people:
        yield _person(number, item, groups)


def _person(number: int, item: Mapping[str, Any], groups: Mapping[str, Mapping[str, None]]) -> Row:
    cells = {field: _cell(item[name]) for name, field in _NAMES.items() if name in item}
    if any(cell is None for cell in cells.values()):
        return BadRow(number, str(item.get("userPrincipalName"))[:113], "A property is neither text nor true or false.")
    known = [str(item.get(key, "")).casefold() for key in ("id", "userPrincipalName")]
    names = dict.fromkeys(name for key in known if key in groups for name in groups[key])
    texts = {name: cell for name, cell in cells.items() if cell is not None}
    return read_person(number, {**texts, "groups": "|".join(names)})


def _cell(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _member_keys(members: list[Any]) -> Iterator[str]:
    for member in members:
        if isinstance(member, dict):
            named = (member.get("id"), member.get("userPrincipalName"))
            yield from (str(key).casefold() for key in named if key)


def _objects(items: list[Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return [(number, item) for number, item in enumerate(items, 1) if isinstance(item, dict)]


def _lines(content: bytes, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            raise FileRefused(f"{name}, line {number}, is no JSON: export from Microsoft Graph as JSON.") from None
        if isinstance(item, dict):
            yield number, item
