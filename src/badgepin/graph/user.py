"""People on the wire (graph-contract 11)."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.directory_object import Relation
from badgepin.domain.filter import Field, Kind
from badgepin.domain.user import User, UserType
from badgepin.graph.body import Json, boolean, invalid, required_text, text, texts
from badgepin.graph.directory_object import USER_TEXTS, object_json, user_json
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_count, answer_list, with_related
from badgepin.graph.reference import referenced_id
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import user as services

SCHEMA = Schema(
    "microsoft.graph.user",
    {
        "id": Field("id", Kind.CODE),
        "userprincipalname": Field("user_principal_name", Kind.NAME),
        "displayname": Field("display_name", Kind.NAME),
        "givenname": Field("given_name", Kind.NAME),
        "surname": Field("surname", Kind.NAME),
        "accountenabled": Field("account_enabled", Kind.BOOLEAN),
        "usertype": Field("user_type", Kind.TEXT),
        "createddatetime": Field("created_at", Kind.INSTANT),
        "businessphones": Field("business_phones", Kind.TEXT, many=True),
        **{name.casefold(): Field(field, Kind.TEXT) for name, field in USER_TEXTS.items() if "name" not in field},
    },
    sortable=frozenset({"displayname", "userprincipalname", "givenname", "surname", "mail", "createddatetime"}),
    searchable=("displayName", "userPrincipalName", "givenName", "surname", "mail", "employeeId"),
    expandable=("memberOf", "transitiveMemberOf", "manager", "directReports"),
)
_RELATIONS = {
    "memberOf": Relation.MEMBER_OF,
    "transitiveMemberOf": Relation.TRANSITIVE_MEMBER_OF,
    "manager": Relation.MANAGER,
    "directReports": Relation.DIRECT_REPORTS,
}


async def list_users(request: GraphRequest) -> GraphResponse:
    """GET a page of people."""
    return await answer_list(
        request,
        Listed("users", user_json, lambda user: user.id, _RELATIONS),
        lambda tx, query: services.list_users(tx, request.call, query),
    )


async def count_users(request: GraphRequest) -> GraphResponse:
    """GET how many people there are, as text."""
    return await answer_count(request, lambda tx, query: services.count_users(tx, request.call, query))


async def get_user(request: GraphRequest) -> GraphResponse:
    """GET one person, or oneself."""
    user, more = await request.installation.database.read(
        lambda tx: with_related(
            tx, request, _RELATIONS, (found := services.get_user(tx, request.call, request.user)), found.id
        )
    )
    return _answer(request, user, more)


async def create_user(request: GraphRequest) -> GraphResponse:
    """POST adds a person: 201."""
    user = await request.installation.database.write(
        lambda tx: services.create_user(tx, request.call, lambda: _new(request))
    )
    location = {"location": f"{request.root}/users/{user.id}"}
    return _answer(request, user, status=201, headers=location)


async def patch_user(request: GraphRequest) -> GraphResponse:
    """PATCH changes a person: 204."""
    user = await request.installation.database.write(
        lambda tx: services.update_user(tx, request.call, request.user, lambda old: _changed(request, old))
    )
    return _answer(request, user) if request.prefers("representation") else NO_CONTENT


async def delete_user(request: GraphRequest) -> GraphResponse:
    """DELETE removes a person with everything that hangs on them: 204."""
    await request.installation.database.write(lambda tx: services.delete_user(tx, request.call, request.user))
    return NO_CONTENT


async def get_manager(request: GraphRequest) -> GraphResponse:
    """GET who manages a person."""
    manager = await request.installation.database.read(lambda tx: services.get_manager(tx, request.call, request.user))
    context: Json = {"@odata.context": request.context("directoryObjects/$entity")}
    return request.answer(context | select(object_json(manager), selected(request)))


async def put_manager(request: GraphRequest) -> GraphResponse:
    """PUT manager/$ref says who manages a person: 204."""
    await request.installation.database.write(
        lambda tx: services.set_manager(tx, request.call, request.user, lambda: referenced_id(request))
    )
    return NO_CONTENT


async def delete_manager(request: GraphRequest) -> GraphResponse:
    """DELETE manager/$ref leaves a person without a manager: 204."""
    await request.installation.database.write(
        lambda tx: services.set_manager(tx, request.call, request.user, lambda: None)
    )
    return NO_CONTENT


async def list_direct_reports(request: GraphRequest) -> GraphResponse:
    """GET a page of the people whom somebody manages."""
    return await answer_list(
        request,
        Listed("directoryObjects", object_json),
        lambda tx, query: services.list_direct_reports(tx, request.call, request.user, query),
    )


async def revoke_sign_in_sessions(request: GraphRequest) -> GraphResponse:
    """POST makes every token of a person worthless: 200."""
    await request.installation.database.write(
        lambda tx: services.revoke_sign_in_sessions(tx, request.call, request.user)
    )
    return request.answer({"@odata.context": request.context("Edm.Boolean"), "value": True})


def _answer(
    request: GraphRequest,
    user: User,
    more: Json | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("users/$entity")}
    answer = context | select(user_json(user), selected(request)) | (more or {})
    return request.answer(answer, status=status, headers=headers)


def _new(request: GraphRequest) -> User:
    body = request.body()
    user = User(
        id=new_guid(),
        user_principal_name=required_text(body, "userPrincipalName"),
        display_name=required_text(body, "displayName"),
        created_at=request.call.now,
    )
    return _with(user, body)


def _changed(request: GraphRequest, old: User) -> User:
    body = request.body()
    user = _with(old, body)
    if "userPrincipalName" in body:
        user = replace(user, user_principal_name=required_text(body, "userPrincipalName"))
    if "displayName" in body:
        user = replace(user, display_name=required_text(body, "displayName"))
    return user


def _with(user: User, body: Json) -> User:
    enabled, phones, kind = boolean(body, "accountEnabled"), texts(body, "businessPhones"), text(body, "userType")
    if kind is not None and kind.casefold() not in {"member", "guest"}:
        raise invalid("'userType' must be 'Member' or 'Guest'.")
    given = {field: text(body, name) for name, field in USER_TEXTS.items() if name in body}
    user = replace(user, **given)  # type: ignore[arg-type] # the names above are all text fields
    return replace(
        user,
        account_enabled=user.account_enabled if enabled is None else enabled,
        business_phones=user.business_phones if phones is None else tuple(phones),
        user_type=user.user_type if kind is None else UserType(kind.title()),
    )
