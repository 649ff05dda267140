"""Groups on the wire (graph-contract 11)."""

from collections.abc import Callable
from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.group import Group, Member
from badgepin.graph.body import Json, boolean, invalid, required_text, text
from badgepin.graph.json import instant_text
from badgepin.graph.paging import page, position
from badgepin.graph.reference import bound_ids, member_json, referenced_id
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import equals_filter, read_filter, select, selected
from badgepin.services import group as services
from badgepin.store.transaction import Transaction

_LONGEST_TEXT = 1024


async def list_groups(request: GraphRequest) -> GraphResponse:
    """GET a page of groups."""
    (after,) = position(request)
    name = equals_filter(request, "displayName")
    items = await request.installation.database.read(
        lambda tx: services.list_groups(tx, request.call, after=after, limit=request.top() + 1, display_name=name)
    )
    chosen = selected(request)
    return page(
        request,
        items,
        fragment="groups",
        write=lambda group: select(group_json(group), chosen),
        key=lambda group: (group.id,),
    )


async def get_group(request: GraphRequest) -> GraphResponse:
    """GET one group."""
    group = await request.installation.database.read(
        lambda tx: services.get_group(tx, request.call, request.keys["group"])
    )
    return _answer(request, group)


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


async def list_members(request: GraphRequest) -> GraphResponse:
    """GET a page of direct members."""
    return await member_page(request, _members(request, transitive=False))


async def list_transitive_members(request: GraphRequest) -> GraphResponse:
    """GET a page of direct and nested members."""
    return await member_page(request, _members(request, transitive=True))


async def list_owners(request: GraphRequest) -> GraphResponse:
    """GET a page of owners."""
    return await member_page(
        request,
        lambda tx, after, limit: services.list_owners(
            tx, request.call, request.keys["group"], after=after, limit=limit
        ),
    )


async def list_groups_of_user(request: GraphRequest) -> GraphResponse:
    """GET the groups a person is directly in."""
    return await member_page(request, _groups_of(request, transitive=False))


async def list_all_groups_of_user(request: GraphRequest) -> GraphResponse:
    """GET the groups a person is in, also through other groups."""
    return await member_page(request, _groups_of(request, transitive=True))


def _members(request: GraphRequest, *, transitive: bool) -> "Reader":
    return lambda tx, after, limit: services.list_members(
        tx, request.call, request.keys["group"], transitive=transitive, after=after, limit=limit
    )


def _groups_of(request: GraphRequest, *, transitive: bool) -> "Reader":
    return lambda tx, after, limit: services.list_groups_of(
        tx, request.call, request.user, transitive=transitive, after=after, limit=limit
    )


Reader = Callable[[Transaction, str, int], list[Member]]


async def member_page(request: GraphRequest, read: Reader) -> GraphResponse:
    """A page of members, however they are read."""
    read_filter(request)
    (after,) = position(request)
    limit = request.top() + 1
    items = await request.installation.database.read(lambda tx: read(tx, after, limit))
    chosen = selected(request)
    return page(
        request,
        items,
        fragment="directoryObjects",
        write=lambda member: select(member_json(member), chosen),
        key=lambda member: (member.id,),
    )


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
    request: GraphRequest, group: Group, *, status: int = 200, headers: dict[str, str] | None = None
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("groups/$entity")}
    return request.answer(context | select(group_json(group), selected(request)), status=status, headers=headers)


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


def group_json(group: Group) -> Json:
    """`group`: always a security group here."""
    return {
        "id": group.id,
        "displayName": group.display_name,
        "description": group.description,
        "mailNickname": group.mail_nickname,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
        "isAssignableToRole": group.is_assignable_to_role,
        "createdDateTime": instant_text(group.created_at),
    }
