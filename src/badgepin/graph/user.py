"""People on the wire (graph-contract 11)."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.user import User, UserType
from badgepin.graph.body import Json, boolean, invalid, required_text, text, texts
from badgepin.graph.json import instant_text
from badgepin.graph.paging import page, position
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import read_filter, select, selected
from badgepin.services import user as services

_TEXTS = {
    "givenName": "given_name",
    "surname": "surname",
    "mail": "mail",
    "jobTitle": "job_title",
    "department": "department",
    "officeLocation": "office_location",
    "mobilePhone": "mobile_phone",
    "employeeId": "employee_id",
}


async def list_users(request: GraphRequest) -> GraphResponse:
    """GET a page of people."""
    (after,) = position(request)
    wanted = read_filter(request, equals=("userPrincipalName", "id"), starts=("displayName",))
    items = await request.installation.database.read(
        lambda tx: services.list_users(
            tx,
            request.call,
            after=after,
            limit=request.top() + 1,
            user_id=wanted.get("id"),
            user_principal_name=wanted.get("userPrincipalName"),
            name_prefix=wanted.get("startswith displayName"),
        )
    )
    chosen = selected(request)
    fragment = f"users({','.join(chosen)})" if chosen else "users"
    return page(
        request,
        items,
        fragment=fragment,
        write=lambda user: select(user_json(user), chosen),
        key=lambda user: (user.id,),
    )


async def count_users(request: GraphRequest) -> GraphResponse:
    """GET how many people there are, as text."""
    number = await request.installation.database.read(lambda tx: services.count_users(tx, request.call))
    return GraphResponse(200, str(number).encode(), {"content-type": "text/plain"})


async def get_user(request: GraphRequest) -> GraphResponse:
    """GET one person, or oneself."""
    user = await request.installation.database.read(lambda tx: services.get_user(tx, request.call, request.user))
    return _answer(request, user)


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


async def revoke_sign_in_sessions(request: GraphRequest) -> GraphResponse:
    """POST makes every token of a person worthless: 200."""
    await request.installation.database.write(
        lambda tx: services.revoke_sign_in_sessions(tx, request.call, request.user)
    )
    return request.answer({"@odata.context": request.context("Edm.Boolean"), "value": True})


def _answer(
    request: GraphRequest, user: User, *, status: int = 200, headers: dict[str, str] | None = None
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("users/$entity")}
    return request.answer(context | select(user_json(user), selected(request)), status=status, headers=headers)


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
    given = {field: text(body, name) for name, field in _TEXTS.items() if name in body}
    user = replace(user, **given)  # type: ignore[arg-type] # the names above are all text fields
    return replace(
        user,
        account_enabled=user.account_enabled if enabled is None else enabled,
        business_phones=user.business_phones if phones is None else tuple(phones),
        user_type=user.user_type if kind is None else UserType(kind.title()),
    )


def user_json(user: User) -> Json:
    """`user`."""
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "accountEnabled": user.account_enabled,
        "userType": user.user_type.value,
        "businessPhones": list(user.business_phones),
        "createdDateTime": instant_text(user.created_at),
        **{name: getattr(user, field) for name, field in _TEXTS.items()},
    }
