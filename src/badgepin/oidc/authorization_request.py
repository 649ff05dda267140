"""Reading an authorization request: one check, one function; before the redirect URI is proven nothing is sent there.

client -> redirect URI -> (from here on refusals go to the client) -> mode -> type -> PKCE -> scopes -> the rest
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from badgepin.domain.application import Application
from badgepin.domain.authorization import (
    OPENID_SCOPES,
    AuthorizationRequest,
    Prompt,
    ResponseMode,
    is_code_challenge,
)
from badgepin.domain.permission import BY_VALUE, GRAPH_CLIENT
from badgepin.services.token import GRAPH_AUDIENCE

_MOST_FIELDS = 50
_LONGEST_VALUE = 2000
_LONGEST_STATE = 4096
_MOST_AGE_DIGITS = 9
_NOT_SUPPORTED = {"request": "request_not_supported", "registration": "registration_not_supported"}


@dataclass(frozen=True)
class Destination:
    """A proven place to answer to."""

    uri: str
    mode: ResponseMode
    state: str | None


@dataclass(eq=False)
class AuthorizationRefused(Exception):
    """No code for this request: `destination` None means that nobody can be told but the person at the screen."""

    error: str
    description: str
    destination: Destination | None = None


@dataclass(frozen=True)
class Parameters:
    """The parameters as sent: the first value of each, and those that came twice."""

    values: Mapping[str, str]
    repeated: frozenset[str]


def read_parameters(encoded: str) -> Parameters:
    """The parameters of a query or form. Raises `AuthorizationRefused` when it cannot be read."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise _refused("invalid_request", "The request cannot be read.") from None
    values: dict[str, str] = {}
    repeated = set()
    for name, value in pairs:
        if name in values:
            repeated.add(name)
        values.setdefault(name, value)
    return Parameters(values, frozenset(repeated))


def named_client(parameters: Parameters) -> str:
    """The client id. Raises `AuthorizationRefused`."""
    client_id = parameters.values.get("client_id", "")
    if not client_id or "client_id" in parameters.repeated or "\x00" in client_id:
        raise _refused("invalid_request", "The request must name one client_id.")
    return client_id


def check_request(
    parameters: Parameters, application: Application | None, base_url: str, now: datetime
) -> AuthorizationRequest:
    """The request, every part of it checked. Raises `AuthorizationRefused`."""
    if application is None:
        raise _refused("unauthorized_client", "The application is not registered here, or is disabled.")
    uri = _redirect_uri(parameters, application)
    destination = Destination(uri, ResponseMode.QUERY, _state(parameters, uri))
    destination = Destination(uri, _response_mode(parameters, destination), destination.state)
    _check_shape(parameters, destination)
    is_public = application.is_public_at(uri)
    return AuthorizationRequest(
        application_id=application.id,
        client_id=application.client_id,
        client_name=application.display_name,
        is_public=is_public,
        has_back_channel=application.backchannel_logout_uri is not None,
        redirect_uri=uri,
        scopes=read_scopes(parameters.values.get("scope", ""), base_url, destination),
        response_mode=destination.mode,
        state=destination.state,
        nonce=_short(parameters, "nonce", destination),
        code_challenge=_code_challenge(parameters, destination, is_public=is_public),
        prompt=_prompt(parameters, destination),
        max_age=_max_age(parameters, destination),
        asked_at=now,
        ui_locales=(_short(parameters, "ui_locales", destination) or "")[:100],
    )


def _redirect_uri(parameters: Parameters, application: Application) -> str:
    uri = parameters.values.get("redirect_uri", "")
    if "redirect_uri" in parameters.repeated or not uri:
        raise _refused("invalid_request", "The request must name one redirect_uri.")
    if not application.accepts(uri):
        raise _refused("invalid_request", "The redirect_uri is not registered for this application.")
    return uri


def _state(parameters: Parameters, uri: str) -> str | None:
    state = parameters.values.get("state")
    if state is None or ("state" not in parameters.repeated and len(state) <= _LONGEST_STATE and _is_plain(state)):
        return state
    nowhere_to_return_it = Destination(uri, ResponseMode.QUERY, None)
    raise _refused("invalid_request", "The state is too long or unreadable.", nowhere_to_return_it)


def _response_mode(parameters: Parameters, destination: Destination) -> ResponseMode:
    named = parameters.values.get("response_mode")
    if named is None:
        return ResponseMode.QUERY
    if named not in {mode.value for mode in ResponseMode} or "response_mode" in parameters.repeated:
        raise _refused("invalid_request", "response_mode must be query, fragment or form_post.", destination)
    return ResponseMode(named)


def _check_shape(parameters: Parameters, destination: Destination) -> None:
    for name, error in _NOT_SUPPORTED.items():
        if name in parameters.values:
            raise _refused(error, f"The parameter {name} is not supported.", destination)
    if parameters.repeated:
        raise _refused("invalid_request", f"{min(parameters.repeated)[:40]} was sent twice.", destination)
    response_type = parameters.values.get("response_type")
    if not response_type:
        raise _refused("invalid_request", "response_type is required.", destination)
    if response_type != "code":
        raise _refused("unsupported_response_type", "response_type must be code.", destination)


def _code_challenge(parameters: Parameters, destination: Destination, *, is_public: bool) -> str | None:
    challenge, method = parameters.values.get("code_challenge"), parameters.values.get("code_challenge_method")
    if challenge is None:
        if is_public:
            raise _refused("invalid_request", "A public client must send a code_challenge (PKCE, S256).", destination)
        if method is not None:
            raise _refused("invalid_request", "code_challenge_method was sent without code_challenge.", destination)
        return None
    if method != "S256":
        raise _refused("invalid_request", "code_challenge_method must be S256.", destination)
    if not is_code_challenge(challenge):
        raise _refused("invalid_request", "code_challenge must be 43 characters of base64url.", destination)
    return challenge


def _prompt(parameters: Parameters, destination: Destination) -> Prompt | None:
    words = parameters.values.get("prompt", "").split()
    if any(word not in {prompt.value for prompt in Prompt} for word in words):
        raise _refused("invalid_request", "prompt must be none, login, consent or select_account.", destination)
    if len(words) > 1 and "none" in words:
        raise _refused("invalid_request", "prompt=none stands alone.", destination)
    for word in ("none", "login", "select_account"):
        if word in words:
            return Prompt(word)
    return Prompt.CONSENT if words else None


def _max_age(parameters: Parameters, destination: Destination) -> int | None:
    text = parameters.values.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_AGE_DIGITS):
        raise _refused("invalid_request", "max_age must be a whole number of seconds.", destination)
    return int(text)


def _short(parameters: Parameters, name: str, destination: Destination) -> str | None:
    text = parameters.values.get(name)
    if text is not None and (len(text) > _LONGEST_VALUE or not _is_plain(text)):
        raise _refused("invalid_request", f"{name} is too long or unreadable.", destination)
    return text


def read_scopes(text: str, base_url: str, destination: Destination | None = None) -> tuple[str, ...]:
    """The scopes asked for, without the service's name before them. Raises `AuthorizationRefused`."""
    if len(text) > _LONGEST_VALUE:
        raise _refused("invalid_scope", "The scope is too long.", destination)
    scopes = tuple(dict.fromkeys(_short_scope(scope, base_url) for scope in text.split(" ") if scope))
    if not scopes:
        raise _refused("invalid_scope", "scope is required, for example: openid profile.", destination)
    unknown = [scope for scope in scopes if scope not in OPENID_SCOPES | {".default"} and scope not in BY_VALUE]
    if unknown:
        raise _refused("invalid_scope", "The scope names a permission that does not exist here.", destination)
    return scopes


def _short_scope(scope: str, base_url: str) -> str:
    for service in (GRAPH_AUDIENCE, GRAPH_CLIENT, base_url):
        if scope.startswith(f"{service}/"):
            return scope[len(service) :].lstrip("/")
    return scope


def _is_plain(text: str) -> bool:
    return all(character.isprintable() for character in text)


def _refused(error: str, description: str, destination: Destination | None = None) -> AuthorizationRefused:
    return AuthorizationRefused(error, description, destination)
