"""Pushed authorization requests (RFC 9126): the request travels inside its own sealed `request_uri`."""

from datetime import datetime, timedelta

import msgspec

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.sealed import seal, unseal
from badgepin.domain.tenant import Tenant
from badgepin.oidc.authorization_request import AuthorizationRefused, Parameters, check_request
from badgepin.oidc.errors import TokenError, invalid_client, invalid_request
from badgepin.oidc.token import Json, TokenRequest, find_application, read_form, read_proof
from badgepin.web.installation import Installation

PUSHED_LIFE = timedelta(seconds=90)
_PREFIX = "urn:ietf:params:oauth:request_uri:"
_LONGEST = 16_384
_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class _Pushed(msgspec.Struct, frozen=True):
    client_id: str
    expires_at: datetime
    values: dict[str, str]


_decode = msgspec.json.Decoder(_Pushed).decode


def is_pushed(parameters: Parameters) -> bool:
    """Whether the request names one that was pushed before."""
    return "request_uri" in parameters.values


def push(ring: KeyRing, tenant: Tenant, client_id: str, parameters: Parameters, now: datetime) -> str:
    """The `request_uri` of a checked request."""
    pushed = _Pushed(client_id.lower(), now + PUSHED_LIFE, dict(parameters.values))
    return _PREFIX + seal(ring, _purpose(tenant), msgspec.json.encode(pushed))


def find_pushed(installation: Installation, tenant: Tenant, parameters: Parameters, client_id: str) -> Parameters:
    """The pushed request; what else was sent beside its name does not count. Raises `AuthorizationRefused`."""
    named = parameters.values["request_uri"]
    content = None
    if named.startswith(_PREFIX) and len(named) <= _LONGEST and "request_uri" not in parameters.repeated:
        content = unseal(installation.keys, _purpose(tenant), named.removeprefix(_PREFIX))
    if content is None:
        raise AuthorizationRefused("invalid_request_uri", "The request_uri is not one that was pushed here.")
    pushed = _decode(content)
    if pushed.client_id != client_id.lower() or installation.clock() >= pushed.expires_at:
        raise AuthorizationRefused("invalid_request_uri", "The pushed request has expired: push it again.")
    return Parameters(pushed.values, frozenset())


def _purpose(tenant: Tenant) -> str:
    return f"pushed-request|{tenant.id}"


async def answer_push(installation: Installation, request: TokenRequest) -> Json:
    """Check a request that its client pushes, and name it (RFC 9126 2.2). Raises `TokenError`."""
    form, now = read_form(request), installation.clock()
    client = read_proof(installation, request, form)
    found = await installation.database.write(lambda tx: find_application(tx, request.tenant, client, now))
    if found is None:
        raise invalid_client(by_basic=client.by_basic)
    application, is_proven = found
    if not (is_proven or application.is_public_at(form.get("redirect_uri"))):
        raise invalid_client(by_basic=client.by_basic)
    values = {name: value for name, value in form.items() if name not in _PROOFS}
    parameters = Parameters({**values, "client_id": application.client_id}, frozenset())
    if is_pushed(parameters):
        raise invalid_request("A pushed request cannot name another one.")
    try:
        check_request(parameters, application, installation.settings.base_url, now)
    except AuthorizationRefused as error:
        raise TokenError(400, error.error, error.description) from error
    named = push(installation.keys, request.tenant, application.client_id, parameters, now)
    return {"request_uri": named, "expires_in": int(PUSHED_LIFE.total_seconds())}
