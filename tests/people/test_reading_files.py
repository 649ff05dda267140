"""Files of people: every line is a person or says what is wrong with it, whatever the bytes are."""

import csv
import io
import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgepin.domain.people_import import BadRow, PersonRow, Row, without_duplicates
from badgepin.domain.user import UserType
from badgepin.services import people_csv, people_graph_export
from badgepin.services.people_csv import COLUMNS, FileRefused

HEADER = b"userPrincipalName,displayName,groups\n"


def _rows(content: bytes) -> list[Row]:
    stream = io.BytesIO(content)
    return list(without_duplicates(people_csv.read_rows(stream, people_csv.read_header(stream))))


def _reasons(content: bytes) -> list[str | None]:
    return [row.reason if isinstance(row, BadRow) else None for row in _rows(content)]


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    for before in (b"", HEADER):
        with suppress(FileRefused):
            _rows(before + content)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40),
            st.sampled_from([",", ";", "\t"]),
        ),
        max_size=20,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from([",", ";", "\t"]),
)
@settings(deadline=None)
def test_what_was_written_is_read_whatever_separates_it(people: list[tuple[int, str, str]], separator: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(["Display Name", "USERPRINCIPALNAME"])
    writer.writerows([[name + inside, f"p{number}@x.example"] for number, name, inside in people])
    rows = _rows(b"\xef\xbb\xbf" + text.getvalue().encode())
    for row, (number, name, inside) in zip(rows, people, strict=True):
        if isinstance(row, PersonRow):
            assert row.user_principal_name == f"p{number}@x.example"
            assert row.values.get("display_name") == ((name + inside).strip() or None)
        else:
            assert "\t" in name + inside


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,department\nx,y\n", "userPrincipalName"),
        (b"upn,userPrincipalName\nx,y\n", "twice"),
        ("userPrincipalName\n".encode("utf-16"), "UTF-16"),
        (HEADER + "jörg@x.example,Jörg,\n".encode("latin-1"), "Line 2 is not UTF-8 (byte 2 is 0xF6)"),
        (b"x" * 100_000, "Line 1 is longer"),
        (b'userPrincipalName,"x\n', "Line 1 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_where(content: bytes, words: str) -> None:
    with pytest.raises(FileRefused) as refused:
        _rows(content)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a@x.example,A", "2 cells where the first line names 3"),
        (b'a@x.example,"A,', "quote is not closed"),
        (b'a@x.example,"A"B,', "quote"),
        (b"nobody,A,", "name@domain"),
        (b",A,", "name@domain"),
        (b"a@x.example," + b"A" * 300 + b",", "longer than 256"),
        (b"a@x.example,A\x00B,", "cannot be shown"),
        (b"a@x.example,A," + b"|".join(b"g%d" % number for number in range(60)), "More than 50"),
        (b"a@x.example,A," + b"g" * 300, "longer than 256"),
        (b"a@x.example," + b"A" * 10_000_000 + b",", "longer than 65536 bytes"),
    ],
    ids=lambda part: str(part)[:24],
)
def test_a_broken_row_stops_no_other(line: bytes, words: str) -> None:
    before, broken, after = _reasons(HEADER + b"first@x.example,First,\n" + line + b"\nlast@x.example,Last,\n")
    assert (before, after) == (None, None)
    assert broken is not None
    assert words in broken


def test_a_second_line_of_a_person_names_the_first() -> None:
    rows = _reasons(HEADER + "RENÉE@x.example,A,\nb@x.example,B,\nrene\u0301e@X.example,C,\n".encode())
    assert rows == [None, None, "The same person is on line 2: one line counts."]


def test_columns_are_known_by_many_names_and_others_are_named() -> None:
    header = people_csv.read_header(io.BytesIO(b"UPN;First Name;Store;Usage location;Account-Enabled\n"))
    assert header.fields == ("user_principal_name", "given_name", "stores", None, "account_enabled")
    assert header.unused == ("Usage location",)
    assert None not in people_csv.read_header(io.BytesIO(",".join(COLUMNS).encode())).fields


def test_an_empty_cell_empties_and_an_absent_column_leaves() -> None:
    (row,) = _rows(b"userPrincipalName,mail,displayName,accountEnabled\na@x.example,,,\n")
    assert isinstance(row, PersonRow)
    assert row.values == {"mail": None}


def test_a_huge_file_is_read_in_little_memory() -> None:
    class Endless(io.RawIOBase):
        """A file of 60 MB in which nothing ever ends a line."""

        left = 60_000_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left)
            buffer[:size] = b'"' * size
            self.left -= size
            return size

    tracemalloc.start()
    try:
        header = people_csv.read_header(io.BytesIO(HEADER))
        stream: Any = io.BufferedReader(Endless())
        (row,) = list(people_csv.read_rows(stream, header))
        assert isinstance(row, BadRow)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


USERS = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
    "value": [
        {"id": "11", "userPrincipalName": "ada@x.example", "displayName": "Ada", "jobTitle": None, "surname": "O"},
        {"id": "22", "userPrincipalName": "lin@x.example", "displayName": "林", "userType": "Guest", "mail": 5},
        {"id": "33", "userPrincipalName": "max@x.example", "displayName": "Max", "accountEnabled": False},
    ],
}
GROUPS = [
    {"id": "g1", "displayName": "Bakers", "members": [{"id": "11"}, {"userPrincipalName": "MAX@x.example"}]},
    {"id": "g2", "displayName": "Early|Late", "members": [{"id": "11"}]},
]


@pytest.mark.parametrize("as_lines", [False, True])
def test_what_graph_lists_is_read_with_the_groups(as_lines: bool) -> None:
    users = json.dumps(USERS)
    groups = "\n".join(json.dumps(group) for group in GROUPS) if as_lines else json.dumps({"value": GROUPS})
    files = [("users.json", io.BytesIO(users.encode())), ("groups.json", io.BytesIO(groups.encode()))]
    ada, lin, mia = people_graph_export.read_rows(files)
    assert isinstance(ada, PersonRow)
    assert (ada.values["job_title"], ada.values["surname"], ada.groups) == (None, "O", ("Bakers", "Early Late"))
    assert isinstance(lin, BadRow)
    assert isinstance(mia, PersonRow)
    assert mia.values["account_enabled"] is False
    assert mia.groups == ("Bakers",)
    assert UserType.GUEST not in mia.values.values()


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["value", "userPrincipalName", "members", "id"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
@settings(deadline=None)
def test_no_json_does_more_than_be_refused(content: bytes) -> None:
    with suppress(FileRefused):
        list(people_graph_export.read_rows([("x.json", io.BytesIO(content))]))
