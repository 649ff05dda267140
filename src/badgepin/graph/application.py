"""Applications on the wire: registration and credentials."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application, ApplicationKey, ApplicationSecret
from badgepin.domain.authorization import is_acceptable_redirect_uri
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json, child, instant, invalid, required_text, text, texts
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_count, answer_list
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import application as services
from badgepin.services.application import ApplicationView, WantedCredential
from badgepin.store.transaction import Transaction

_LONGEST_KEY = 16_384
_LONGEST_TEXT = 1024
_MOST_KEYS = 20
_MOST_URIS = 100


SCHEMA = Schema(
    "microsoft.graph.application",
    {
        "id": Field("id", Kind.CODE),
        "appid": Field("client_id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "description": Field("description", Kind.TEXT),
        "createddatetime": Field("created_at", Kind.INSTANT),
        "isfallbackpublicclient": Field("is_public_client", Kind.BOOLEAN),
        "web": {"redirecturis": Field("redirect_uris", Kind.TEXT, many=True)},
        "spa": {"redirecturis": Field("spa_redirect_uris", Kind.TEXT, many=True)},
        "publicclient": {"redirecturis": Field("public_redirect_uris", Kind.TEXT, many=True)},
    },
    sortable=frozenset({"displayname", "createddatetime", "appid"}),
    searchable=("displayName", "description"),
)


async def list_applications(request: GraphRequest) -> GraphResponse:
    """GET a page of applications."""
    return await answer_list(
        request,
        Listed("applications", application_json),
        lambda tx, query: services.list_applications(tx, request.call, query),
    )


async def count_applications(request: GraphRequest) -> GraphResponse:
    """GET how many applications there are, as text."""
    return await answer_count(request, lambda tx, query: services.count_applications(tx, request.call, query))


async def get_application(request: GraphRequest) -> GraphResponse:
    """GET one application, by object id or as `applications(appId='...')`."""
    view = await request.installation.database.read(
        lambda tx: services.get_application(tx, request.call, request.keys["application"])
    )
    return _answer(request, view)


async def create_application(request: GraphRequest) -> GraphResponse:
    """POST registers an application: 201 with its `appId`."""
    view = await request.installation.database.write(
        lambda tx: ApplicationView(services.create_application(tx, request.call, lambda: _new(request)))
    )
    location = {"location": f"{request.root}/applications/{view.application.id}"}
    return _answer(request, view, status=201, headers=location)


async def patch_application(request: GraphRequest) -> GraphResponse:
    """PATCH changes an application, or replaces its certificates: 204."""

    def work(tx: Transaction) -> None:
        named = request.keys["application"]
        services.update_application(tx, request.call, named, lambda old: _with(old, request.body()))
        services.replace_keys(tx, request.call, named, lambda: _wanted_keys(request))

    await request.installation.database.write(work)
    return NO_CONTENT


async def delete_application(request: GraphRequest) -> GraphResponse:
    """DELETE removes an application with everything it was granted: 204."""
    await request.installation.database.write(
        lambda tx: services.delete_application(tx, request.call, request.keys["application"])
    )
    return NO_CONTENT


async def add_password(request: GraphRequest) -> GraphResponse:
    """POST addPassword makes a client secret: 200 with `secretText`, once."""
    new = await request.installation.database.write(
        lambda tx: services.add_secret(tx, request.call, request.keys["application"], lambda: _wanted_secret(request))
    )
    context: Json = {"@odata.context": request.context("microsoft.graph.passwordCredential")}
    answer = context | secret_json(new.secret) | {"secretText": new.text}
    return request.answer(answer, headers={"cache-control": "no-store"})


async def remove_password(request: GraphRequest) -> GraphResponse:
    """POST removePassword forgets a client secret: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_secret(
            tx, request.call, request.keys["application"], lambda: required_text(request.body(), "keyId")
        )
    )
    return NO_CONTENT


def _answer(
    request: GraphRequest, view: ApplicationView, *, status: int = 200, headers: dict[str, str] | None = None
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("applications/$entity")}
    return request.answer(context | select(application_json(view), selected(request)), status=status, headers=headers)


def _new(request: GraphRequest) -> Application:
    body = request.body()
    name = required_text(body, "displayName")
    return _with(Application(new_guid(), new_guid(), new_guid(), name, request.call.now), body)


def _with(application: Application, body: Json) -> Application:
    if "displayName" in body:
        application = replace(application, display_name=required_text(body, "displayName"))
    if "description" in body:
        application = replace(application, description=text(body, "description", longest=_LONGEST_TEXT))
    application = replace(
        application,
        redirect_uris=_redirects(body, "web", application.redirect_uris),
        spa_redirect_uris=_redirects(body, "spa", application.spa_redirect_uris),
        public_redirect_uris=_redirects(body, "publicClient", application.public_redirect_uris),
    )
    if "isFallbackPublicClient" in body:
        application = replace(application, is_public_client=body["isFallbackPublicClient"] is True)
    if "backchannelLogoutUri" in body:
        uri = text(body, "backchannelLogoutUri", longest=_LONGEST_TEXT)
        if uri is not None and not uri.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise invalid("'backchannelLogoutUri' must be an https address.")
        application = replace(application, backchannel_logout_uri=uri)
    return application


def _redirects(body: Json, platform: str, old: tuple[str, ...]) -> tuple[str, ...]:
    sent = child(body, platform)
    uris = None if sent is None else texts(sent, "redirectUris")
    if uris is None:
        return old
    if len(uris) > _MOST_URIS:
        raise invalid(f"At most {_MOST_URIS} redirect URIs can be registered.")
    for uri in uris:
        if not is_acceptable_redirect_uri(uri):
            raise invalid(
                f"'{uri[:80]}' cannot be a redirect URI: use https, http on localhost, or a scheme with a dot."
            )
    return tuple(dict.fromkeys(uris))


def _wanted_secret(request: GraphRequest) -> WantedCredential:
    return _credential(request, child(request.body(), "passwordCredential") or {})


def _credential(request: GraphRequest, body: Json) -> WantedCredential:
    return WantedCredential(
        text(body, "displayName"),
        instant(body, "startDateTime", strict=request.strict),
        instant(body, "endDateTime", strict=request.strict),
    )


def _wanted_keys(request: GraphRequest) -> list[tuple[str, WantedCredential]] | None:
    items = request.body().get("keyCredentials")
    if items is None:
        return None
    if not isinstance(items, list) or len(items) > _MOST_KEYS:
        raise invalid(f"'keyCredentials' must be a list of at most {_MOST_KEYS} certificates.")
    wanted = []
    for item in items:
        if not isinstance(item, dict):
            raise invalid("'keyCredentials' must be a list of objects.")
        wanted.append((required_text(item, "key", longest=_LONGEST_KEY), _credential(request, item)))
    return wanted


def application_json(view: ApplicationView) -> Json:
    """`application`."""
    application = view.application
    return {
        "id": application.id,
        "appId": application.client_id,
        "displayName": application.display_name,
        "description": application.description,
        "createdDateTime": instant_text(application.created_at),
        "signInAudience": "AzureADMyOrg",
        "web": {"redirectUris": list(application.redirect_uris)},
        "spa": {"redirectUris": list(application.spa_redirect_uris)},
        "publicClient": {"redirectUris": list(application.public_redirect_uris)},
        "isFallbackPublicClient": application.is_public_client,
        "backchannelLogoutUri": application.backchannel_logout_uri,
        "passwordCredentials": [secret_json(secret) for secret in view.secrets],
        "keyCredentials": [_key_json(key) for key in view.keys],
    }


def secret_json(secret: ApplicationSecret) -> Json:
    """`passwordCredential`; its text is never kept."""
    return {
        "keyId": secret.key_id,
        "displayName": secret.display_name,
        "hint": secret.hint,
        "secretText": None,
        "startDateTime": instant_text(secret.start_at),
        "endDateTime": instant_text(secret.end_at),
    }


def _key_json(key: ApplicationKey) -> Json:
    return {
        "keyId": key.key_id,
        "displayName": key.display_name,
        "type": "AsymmetricX509Cert" if key.kind == "x509" else "Jwk",
        "usage": "Verify",
        "key": key.public_key,
        "startDateTime": instant_text(key.start_at),
        "endDateTime": instant_text(key.end_at),
    }
