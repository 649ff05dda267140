"""Reading people from CSV: one row a line, whatever the line holds, in little memory.

A quote that is never closed spoils its own line and no other, because a cell cannot hold a line break.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from badgepin.domain.people_import import TEXTS, BadRow, Row, read_person

_LONGEST_LINE = 65_536
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ALIASES = {
    "upn": "user_principal_name",
    "name": "display_name",
    "firstname": "given_name",
    "lastname": "surname",
    "phone": "mobile_phone",
    "group": "groups",
    "store": "stores",
    "administrativeunits": "stores",
}
_KNOWN = {name.replace("_", ""): name for name in (*TEXTS, "user_principal_name", "account_enabled", "user_type")}
COLUMNS = (
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "mail",
    "jobTitle",
    "department",
    "officeLocation",
    "mobilePhone",
    "employeeId",
    "accountEnabled",
    "userType",
    "groups",
    "stores",
)
"""The columns a file may have, in any order and any case."""


class FileRefused(Exception):
    """A file that cannot be imported at all; the sentence names the place and what to do."""


@dataclass(frozen=True)
class Header:
    """The columns of a file: the field of each (None: not used), what separates them, and the names not used."""

    fields: tuple[str | None, ...]
    separator: str
    unused: tuple[str, ...]


def read_header(stream: BinaryIO) -> Header:
    """The first line. Raises `FileRefused`."""
    line = _decoded(stream.readline(_LONGEST_LINE + 1), 1)
    if not line.strip():
        raise FileRefused("The file is empty: its first line must name the columns, userPrincipalName among them.")
    separator = max(",;\t", key=line.count)
    try:
        (names,) = csv.reader([line], delimiter=separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise FileRefused(f"Line 1 cannot be read as the names of columns ({error}).") from None
    found = tuple(_field(name) for name in names)
    if "user_principal_name" not in found:
        raise FileRefused("Line 1 names no column userPrincipalName. The columns may be: " + ", ".join(COLUMNS) + ".")
    twice = next((name for name in found if name is not None and found.count(name) > 1), None)
    if twice is not None:
        raise FileRefused(f"Line 1 names the column for {twice} twice.")
    unused = tuple(name.strip() for name, known in zip(names, found, strict=True) if known is None and name.strip())
    return Header(found, separator, unused)


def read_rows(stream: BinaryIO, header: Header) -> Iterator[Row]:
    """Every row behind the header, the stream being behind it. Raises `FileRefused` for text that is not UTF-8."""
    number = 1
    while raw := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(raw) > _LONGEST_LINE:
            _skip_line(stream, raw)
            yield BadRow(number, "", f"The line is longer than {_LONGEST_LINE} bytes.")
            continue
        line = _decoded(raw, number)
        if line.strip(f"{header.separator} \t"):
            yield _row(number, line, header)


def _row(number: int, line: str, header: Header) -> Row:
    try:
        (cells,) = csv.reader([line], delimiter=header.separator, strict=True)
    except (csv.Error, ValueError):
        return BadRow(number, "", "A quote is not closed, or stands inside a cell without a second one.")
    if len(cells) != len(header.fields):
        return BadRow(number, "", f"There are {len(cells)} cells where the first line names {len(header.fields)}.")
    named = zip(header.fields, cells, strict=True)
    return read_person(number, {name: cell for name, cell in named if name is not None})


def _field(name: str) -> str | None:
    word = "".join(letter for letter in name.casefold() if letter.isalnum())
    return _ALIASES.get(word) or _KNOWN.get(word) or (word if word in {"groups", "stores"} else None)


def _decoded(raw: bytes, number: int) -> str:
    if number == 1 and raw.startswith(_WIDE):
        raise FileRefused("The file is UTF-16: save it as CSV in UTF-8 and import that.")
    if number == 1 and len(raw) > _LONGEST_LINE:
        raise FileRefused(f"Line 1 is longer than {_LONGEST_LINE} bytes: this is no CSV file of people.")
    try:
        text = raw.removeprefix(_BOM).decode() if number == 1 else raw.decode()
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"Line {number} is not UTF-8 (byte {error.start + 1} is 0x{raw[error.start]:02X}):"
            " save the file as CSV in UTF-8 and import that."
        ) from None
    return text.rstrip("\r\n")


def _skip_line(stream: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(_LONGEST_LINE)
