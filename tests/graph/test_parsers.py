"""Every parser of the Graph door, on whatever Hypothesis comes up with: it reads, or it refuses in its own words."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.errors import InvalidValue
from badgepin.domain.user import check_user_principal_name, user_principal_name_key
from badgepin.graph.body import Json, boolean, child, instant, integer, read_instant, required_text, text, texts
from badgepin.graph.dispatch import read_query
from badgepin.graph.errors import GraphError
from badgepin.graph.json import instant_text
from badgepin.graph.paths import BadPath, split_path
from badgepin.graph.reference import bound_ids
from tests.graph.world import BASE, World, build

SMALL = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
READERS: list[Callable[[Json, str], object]] = [
    text,
    required_text,
    boolean,
    integer,
    texts,
    child,
    lambda body, name: instant(body, name, strict=True),
    lambda body, name: instant(body, name, strict=False),
    lambda body, name: bound_ids({f"{name}@odata.bind": body[name]}, name),
]


@pytest.fixture(scope="module")
def people(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, ring: KeyRing, runner: asyncio.Runner
) -> Iterator[World]:
    """A world that no test here changes."""
    path = tmp_path_factory.mktemp("people") / "badgepin.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = build(f"sqlite:///{path}", ring, runner)
    yield made
    made.close()


@pytest.mark.parametrize("reader", READERS)
@given(value=json_values)
def test_a_member_of_another_type_is_refused(reader: Callable[[Json, str], object], value: object) -> None:
    with suppress(InvalidValue):
        reader({"x": value}, "x")


@given(st.text(alphabet="abc/%0123456789fF()'=@.$\u00e9 "))
def test_an_encoded_path_is_read_or_refused(raw: str) -> None:
    with suppress(BadPath):
        assert all("\x00" not in segment for segment in split_path(raw))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00()"), min_size=1), max_size=8))
def test_segments_come_back_as_they_were_quoted(segments: list[str]) -> None:
    assert (
        split_path("/users/" + "/".join(quote(one, safe="") for one in segments)) == ["users", *segments]
        or not segments
    )


@given(st.text())
def test_a_query_string_is_read_or_refused(raw: str) -> None:
    with suppress(GraphError):
        assert all(name.startswith("$") for name in read_query(raw))


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_in_whole_seconds(moment: datetime) -> None:
    assert read_instant(instant_text(moment), strict=True) == moment.replace(microsecond=0)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folding_a_name_twice_changes_nothing(name: str) -> None:
    key = user_principal_name_key(name)
    assert user_principal_name_key(key) == key
    with suppress(InvalidValue):
        check_user_principal_name(name)
        assert name.count("@") == 1


@SMALL
@given(top=st.integers(1, 20))
def test_any_page_size_walks_the_whole_list_once(people: World, top: int) -> None:
    token = people.application("User.Read.All")
    whole = [item["id"] for item in people.request("GET", "/users?$top=999", token=token).json()["value"]]
    walked: list[str] = []
    link: str | None = f"/users?$top={top}"
    while link:
        page = people.request("GET", link.removeprefix(BASE), token=token).json()
        walked += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    assert walked == whole


@SMALL
@given(data=st.data())
def test_a_changed_page_token_never_shows_another_page(people: World, data: st.DataObject) -> None:
    token = people.application("User.Read.All")
    first = people.request("GET", "/users?$top=2", token=token).json()
    link = first["@odata.nextLink"].removeprefix(BASE)
    honest = people.request("GET", link, token=token).json()["value"]
    mark = link.index("skiptoken=") + len("skiptoken=")
    at = data.draw(st.integers(mark, len(link) - 1))
    changed = link[:at] + data.draw(st.sampled_from("ABCxyz019-_.")) + link[at + 1 :]
    answer = people.request("GET", changed, token=token)
    if answer.status_code == 200:
        assert answer.json()["value"] == honest  # the last letter of base64 has bits that mean nothing
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


@SMALL
@given(forged=st.text(min_size=1))
def test_an_invented_page_token_is_refused(people: World, forged: str) -> None:
    token = people.application("User.Read.All")
    answer = people.request("GET", f"/users?$skiptoken={quote(forged.encode('utf-8', 'replace'))}", token=token)
    assert answer.status_code == 400


@SMALL
@given(clause=st.text() | st.from_regex(r"(startswith\()?\w+( eq |,)'[^']*'\)?", fullmatch=True))
def test_a_filter_is_understood_or_refused(people: World, clause: str) -> None:
    token = people.application("User.Read.All")
    query = quote(clause.encode("utf-8", "replace"))
    assert people.request("GET", f"/users?$filter={query}", token=token).status_code in {200, 400}
