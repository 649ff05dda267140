"""Who is in what, in both directions: lists whose items are of several kinds, or of one by an OData cast.

`/groups/{id}/members` holds people and groups, `/groups/{id}/members/microsoft.graph.user` the people only, with all
that people can be asked about (OData 4.01 URL conventions 4.11).
"""

from collections.abc import Callable
from dataclasses import replace

from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.filter import Field, Kind
from badgepin.domain.group import MemberKind
from badgepin.domain.query import Page, Query
from badgepin.graph import administrative_unit, group, user
from badgepin.graph.directory_object import object_json
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_count, answer_list, visible_kinds
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import administrative_unit as unit_services
from badgepin.services import group as services
from badgepin.services.group import ContainerKinds
from badgepin.store.transaction import Transaction

ANY_SCHEMA = Schema(
    "microsoft.graph.directoryObject",
    {"id": Field("id", Kind.CODE), "displayname": Field("display_name", Kind.NAME)},
    sortable=frozenset({"displayname"}),
    searchable=("displayName",),
)
SCHEMAS = {
    MemberKind.USER: replace(user.SCHEMA, expandable=()),
    MemberKind.GROUP: replace(group.SCHEMA, expandable=()),
    MemberKind.UNIT: replace(administrative_unit.SCHEMA, expandable=()),
    MemberKind.ROLE: replace(ANY_SCHEMA, name="microsoft.graph.directoryRole"),
}
"""What a list of one kind can be asked about."""
CASTS = {kind: f"microsoft.graph.{kind.value}" for kind in MemberKind}
"""What stands behind a list's path to have the objects of one kind only."""


async def list_group_members(request: GraphRequest) -> GraphResponse:
    """GET a page of a group's direct members."""
    return await _list(
        request,
        lambda tx, query, only: services.list_members(
            tx, request.call, request.keys["group"], query, transitive=False, only=only
        ),
    )


async def count_group_members(request: GraphRequest) -> GraphResponse:
    """GET how many direct members a group has, as text."""
    return await _count(
        request,
        lambda tx, query, only: services.count_members(
            tx, request.call, request.keys["group"], query, transitive=False, only=only
        ),
    )


async def list_transitive_members(request: GraphRequest) -> GraphResponse:
    """GET a page of a group's direct and nested members."""
    return await _list(
        request,
        lambda tx, query, only: services.list_members(
            tx, request.call, request.keys["group"], query, transitive=True, only=only
        ),
    )


async def count_transitive_members(request: GraphRequest) -> GraphResponse:
    """GET how many direct and nested members a group has, as text."""
    return await _count(
        request,
        lambda tx, query, only: services.count_members(
            tx, request.call, request.keys["group"], query, transitive=True, only=only
        ),
    )


async def list_owners(request: GraphRequest) -> GraphResponse:
    """GET a page of a group's owners."""
    return await answer_list(
        request,
        Listed("directoryObjects", object_json),
        lambda tx, query: services.list_owners(tx, request.call, request.keys["group"], query),
    )


async def list_unit_members(request: GraphRequest) -> GraphResponse:
    """GET a page of a unit's people and groups."""
    return await _list(
        request,
        lambda tx, query, only: unit_services.list_members(tx, request.call, request.keys["unit"], query, only),
    )


async def count_unit_members(request: GraphRequest) -> GraphResponse:
    """GET how many people and groups a unit has, as text."""
    return await _count(
        request,
        lambda tx, query, only: unit_services.count_members(tx, request.call, request.keys["unit"], query, only),
    )


async def list_member_of(request: GraphRequest) -> GraphResponse:
    """GET a page of the groups, units and roles a person is directly in."""
    return await _list(
        request,
        lambda tx, query, only: services.list_containers(
            tx, request.call, request.user, query, _container_kinds(request, only), transitive=False
        ),
    )


async def count_member_of(request: GraphRequest) -> GraphResponse:
    """GET how many groups, units and roles a person is directly in, as text."""
    return await _count(
        request,
        lambda tx, query, only: services.count_containers(
            tx, request.call, request.user, query, _container_kinds(request, only), transitive=False
        ),
    )


async def list_transitive_member_of(request: GraphRequest) -> GraphResponse:
    """GET a page of the groups, units and roles a person is in, also through groups."""
    return await _list(
        request,
        lambda tx, query, only: services.list_containers(
            tx, request.call, request.user, query, _container_kinds(request, only), transitive=True
        ),
    )


async def count_transitive_member_of(request: GraphRequest) -> GraphResponse:
    """GET how many groups, units and roles a person is in, also through groups, as text."""
    return await _count(
        request,
        lambda tx, query, only: services.count_containers(
            tx, request.call, request.user, query, _container_kinds(request, only), transitive=True
        ),
    )


def _container_kinds(request: GraphRequest, only: MemberKind | None) -> ContainerKinds:
    asked = frozenset({MemberKind.GROUP, MemberKind.UNIT, MemberKind.ROLE}) if only is None else frozenset({only})
    return ContainerKinds(asked, visible_kinds(request))


def _cast(request: GraphRequest) -> MemberKind | None:
    parts = request.route.path.split("/")
    return next((kind for kind, name in CASTS.items() if name in parts), None)


async def _list(
    request: GraphRequest, read: Callable[[Transaction, Query, MemberKind | None], Page[DirectoryObject]]
) -> GraphResponse:
    only = _cast(request)
    listed = Listed("directoryObjects", object_json)
    return await answer_list(request, listed, lambda tx, query: read(tx, query, only))


async def _count(request: GraphRequest, read: Callable[[Transaction, Query, MemberKind | None], int]) -> GraphResponse:
    only = _cast(request)
    return await answer_count(request, lambda tx, query: read(tx, query, only))
