"""How every list answers: read the query, run one page of it, write the items with what they are expanded by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from badgepin.domain.directory_object import Relation
from badgepin.domain.group import MemberKind
from badgepin.domain.query import Page, Query
from badgepin.graph.body import Json
from badgepin.graph.directory_object import object_json
from badgepin.graph.errors import forbidden
from badgepin.graph.filter import unsupported
from badgepin.graph.paging import answer_page
from badgepin.graph.permissions import GROUP_READ, ROLE_READ, UNIT_READ, USER_LIST, Permission
from badgepin.graph.query import expanded, read_count_query, read_query
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services.directory_object import list_related
from badgepin.store.transaction import StoreUnavailable, Transaction

T = TypeVar("T")
R = TypeVar("R")

_PERMISSIONS = {Relation.UNIT_MEMBERS: UNIT_READ, Relation.MANAGER: USER_LIST, Relation.DIRECT_REPORTS: USER_LIST}
_CONTAINERS = {MemberKind.GROUP: GROUP_READ, MemberKind.UNIT: UNIT_READ, MemberKind.ROLE: ROLE_READ}
# relations to one object at most, which is left out where there is none
_SINGLE = frozenset({Relation.MANAGER})


@dataclass(frozen=True)
class Listed(Generic[T]):
    """What a list holds: `write` makes JSON of an item, `key` gives the id by which relations know it."""

    fragment: str
    write: Callable[[T], Json]
    key: Callable[[T], str] = field(default=lambda _item: "")
    relations: Mapping[str, Relation] = field(default_factory=dict)


async def answer_list(
    request: GraphRequest, listed: Listed[T], read: Callable[[Transaction, Query], Page[T]]
) -> GraphResponse:
    """A page of a list. Raises `GraphError` or `InvalidValue` for options that cannot be had."""
    query = read_query(request)
    wanted = _wanted(request, listed.relations)

    def work(tx: Transaction) -> tuple[Page[T], dict[str, Json]]:
        page = read(tx, query)
        return page, _related(tx, request, wanted, [listed.key(item) for item in page.items])

    page, more = await _in_time(request, query, work)
    chosen = selected(request)
    fragment = f"{listed.fragment}({','.join(chosen)})" if chosen else listed.fragment
    return answer_page(
        request,
        page,
        fragment=fragment,
        write=lambda item: select(listed.write(item), chosen) | more.get(listed.key(item), {}),
    )


async def answer_count(request: GraphRequest, read: Callable[[Transaction, Query], int]) -> GraphResponse:
    """How many there are, as text."""
    query = read_count_query(request)
    number = await _in_time(request, query, lambda tx: read(tx, query))
    return GraphResponse(200, str(number).encode(), {"content-type": "text/plain"})


async def _in_time(request: GraphRequest, query: Query, work: Callable[[Transaction], R]) -> R:
    """Run what reads a list. Whoever asks too much is told so, instead of being sent round again."""
    try:
        return await request.installation.database.read(work)
    except StoreUnavailable as error:
        if query.filter is not None and isinstance(error.__cause__, TimeoutError):
            raise unsupported(
                "It takes too long here: narrow it, by time, by id or by the beginning of a name."
            ) from error
        raise


def with_related(
    tx: Transaction, request: GraphRequest, relations: Mapping[str, Relation], item: T, key: str
) -> tuple[T, Json]:
    """One item and what `$expand` adds to its JSON."""
    wanted = _wanted(request, relations)
    return item, _related(tx, request, wanted, [key]).get(key, {})


def _wanted(request: GraphRequest, relations: Mapping[str, Relation]) -> list[tuple[str, Relation, list[str]]]:
    # a relation that is no list of objects is written by the item itself
    asked = expanded(request)
    wanted = [(name, relations[name], chosen) for name, chosen in asked.items() if name in relations]
    caller = request.call.caller
    for _, relation, _ in wanted:
        permission = _PERMISSIONS.get(relation, GROUP_READ)
        if not permission.held_by(caller.scopes, application=caller.is_application, strict=request.strict):
            raise forbidden(request.route.family)
    return wanted


def visible_kinds(request: GraphRequest) -> frozenset[MemberKind]:
    """The kinds of containers that the token's permissions show of other people."""
    caller = request.call.caller

    def held(permission: Permission) -> bool:
        return bool(permission.held_by(caller.scopes, application=caller.is_application, strict=request.strict))

    return frozenset(kind for kind, permission in _CONTAINERS.items() if held(permission))


def _related(
    tx: Transaction, request: GraphRequest, wanted: Sequence[tuple[str, Relation, list[str]]], ids: Sequence[str]
) -> dict[str, Json]:
    more: dict[str, Json] = {key: {} for key in ids}
    for name, relation, chosen in wanted:
        found = list_related(tx, request.call, relation, ids, visible_kinds(request))
        for key in ids:
            written = [select(object_json(item), chosen) for item in found.get(key, [])]
            if relation not in _SINGLE:
                more[key][name] = written
            elif written:
                more[key][name] = written[0]
    return more
