"""Groups on the wire (graph-contract 11)."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.directory_object import Relation
from badgepin.domain.filter import Field, Kind
from badgepin.domain.group import Group
from badgepin.graph.body import Json, boolean, invalid, required_text, text
from badgepin.graph.directory_object import group_json
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_count, answer_list, with_related
from badgepin.graph.reference import bound_ids, referenced_id
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import group as services

_LONGEST_TEXT = 1024


SCHEMA = Schema(
    "microsoft.graph.group",
    {
        "id": Field("id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "description": Field("description", Kind.TEXT),
        "mailnickname": Field("mail_nickname", Kind.TEXT),
        "isassignabletorole": Field("is_assignable_to_role", Kind.BOOLEAN),
        "securityenabled": Field("security_enabled", Kind.BOOLEAN),
        "mailenabled": Field("mail_enabled", Kind.BOOLEAN),
        "grouptypes": Field("group_types", Kind.TEXT, many=True),
        "createddatetime": Field("created_at", Kind.INSTANT),
    },
    sortable=frozenset({"displayname", "createddatetime"}),
    searchable=("displayName", "description"),
    expandable=("members", "owners"),
)
_RELATIONS = {"members": Relation.MEMBERS, "owners": Relation.OWNERS}


async def list_groups(request: GraphRequest) -> GraphResponse:
    """GET a page of groups."""
    return await answer_list(
        request,
        Listed("groups", group_json, lambda group: group.id, _RELATIONS),
        lambda tx, query: services.list_groups(tx, request.call, query),
    )


async def count_groups(request: GraphRequest) -> GraphResponse:
    """GET how many groups there are, as text."""
    return await answer_count(request, lambda tx, query: services.count_groups(tx, request.call, query))


async def get_group(request: GraphRequest) -> GraphResponse:
    """GET one group."""
    named = request.keys["group"]
    group, more = await request.installation.database.read(
        lambda tx: with_related(
            tx, request, _RELATIONS, (found := services.get_group(tx, request.call, named)), found.id
        )
    )
    return _answer(request, group, more)


async def create_group(request: GraphRequest) -> GraphResponse:
    """POST adds a group, with members and owners bound: 201."""
    group = await request.installation.database.write(
        lambda tx: services.create_group(
            tx,
            request.call,
            lambda: _new(request),
            lambda: bound_ids(request.body(), "members"),
            lambda: bound_ids(request.body(), "owners"),
        )
    )
    return _answer(request, group, status=201, headers={"location": f"{request.root}/groups/{group.id}"})


async def patch_group(request: GraphRequest) -> GraphResponse:
    """PATCH changes a group or binds up to 20 members: 204."""
    group = await request.installation.database.write(
        lambda tx: services.update_group(
            tx,
            request.call,
            request.keys["group"],
            lambda old: _with(old, request.body()),
            lambda: bound_ids(request.body(), "members"),
        )
    )
    return _answer(request, group) if request.prefers("representation") else NO_CONTENT


async def delete_group(request: GraphRequest) -> GraphResponse:
    """DELETE removes a group: 204."""
    await request.installation.database.write(lambda tx: services.delete_group(tx, request.call, request.keys["group"]))
    return NO_CONTENT


async def add_member(request: GraphRequest) -> GraphResponse:
    """POST members/$ref adds a member: 204."""
    await request.installation.database.write(
        lambda tx: services.add_member(tx, request.call, request.keys["group"], lambda: referenced_id(request))
    )
    return NO_CONTENT


async def remove_member(request: GraphRequest) -> GraphResponse:
    """DELETE members/{id}/$ref removes a member: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_member(tx, request.call, request.keys["group"], request.keys["member"])
    )
    return NO_CONTENT


async def add_owner(request: GraphRequest) -> GraphResponse:
    """POST owners/$ref adds an owner: 204."""
    await request.installation.database.write(
        lambda tx: services.add_owner(tx, request.call, request.keys["group"], lambda: referenced_id(request))
    )
    return NO_CONTENT


async def remove_owner(request: GraphRequest) -> GraphResponse:
    """DELETE owners/{id}/$ref removes an owner: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_owner(tx, request.call, request.keys["group"], request.keys["member"])
    )
    return NO_CONTENT


def _answer(
    request: GraphRequest,
    group: Group,
    more: Json | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("groups/$entity")}
    answer = context | select(group_json(group), selected(request)) | (more or {})
    return request.answer(answer, status=status, headers=headers)


def _new(request: GraphRequest) -> Group:
    body = request.body()
    group = Group(
        id=new_guid(),
        display_name=required_text(body, "displayName"),
        created_at=request.call.now,
        is_assignable_to_role=boolean(body, "isAssignableToRole") or False,
    )
    return _with(group, body)


def _with(group: Group, body: Json) -> Group:
    assignable = boolean(body, "isAssignableToRole")
    if assignable is not None and assignable != group.is_assignable_to_role:
        raise invalid("'isAssignableToRole' can be set only when a group is created.")
    if "displayName" in body:
        group = replace(group, display_name=required_text(body, "displayName"))
    if "description" in body:
        group = replace(group, description=text(body, "description", longest=_LONGEST_TEXT))
    if "mailNickname" in body:
        group = replace(group, mail_nickname=text(body, "mailNickname"))
    return group
