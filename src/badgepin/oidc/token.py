"""The token endpoint (RFC 6749 3.2): a form in, a token or a refusal out; no web framework in here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from badgepin.domain.application import Application
from badgepin.domain.tenant import Tenant
from badgepin.oidc.client_auth import ClientProof, read_client
from badgepin.oidc.errors import (
    TokenError,
    invalid_client,
    invalid_grant,
    invalid_request,
    invalid_scope,
    unsupported_grant_type,
)
from badgepin.services import authorization, device
from badgepin.services import token as services
from badgepin.services.authorization import AtToken, Delegated, GrantRefused, ProofNeeded, Redemption
from badgepin.services.device import Pending
from badgepin.services.person_token import access_token_claims, access_token_life, id_token_claims
from badgepin.services.token import APPLICATION_LIFE, GRAPH_AUDIENCE, NotProven, SecretProof
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

_MOST_FIELDS = 50
_GRAPH_CLIENT = "00000003-0000-0000-c000-000000000000"

Json = dict[str, object]


@dataclass(frozen=True)
class TokenRequest:
    """A POST of a client to the tenant's token endpoint, or to another that it proves itself to."""

    tenant: Tenant
    content_type: str
    body: bytes
    authorization: str | None = None


async def answer_token_request(installation: Installation, request: TokenRequest) -> Json:
    """The JSON answer of a grant. Raises `TokenError`."""
    form = read_form(request)
    grant = form.get("grant_type")
    if not grant:
        raise invalid_request("grant_type is required.")
    if grant == "client_credentials":
        return await _client_credentials(installation, request, form)
    if grant == "authorization_code":
        return await _for_person(installation, request, form, _redeem(form))
    if grant == "refresh_token":
        return await _for_person(installation, request, form, _refresh(form))
    if grant in DEVICE_GRANTS and installation.settings.device_flow:
        return await _for_person(installation, request, form, _poll(form))
    raise unsupported_grant_type()


def read_proof(installation: Installation, request: TokenRequest, form: Mapping[str, str]) -> ClientProof:
    """The client and its proof. Raises `TokenError`."""
    audiences = frozenset({issuer_of(installation, request.tenant), token_endpoint_of(installation, request.tenant)})
    return read_client(form, request.authorization, audiences)


async def _client_credentials(installation: Installation, request: TokenRequest, form: Mapping[str, str]) -> Json:
    client, tenant, now = read_proof(installation, request, form), request.tenant, installation.clock()
    check_scope(installation, form)
    proof = client.proof
    if proof is None:
        raise invalid_client(by_basic=False)
    proven = await installation.database.write(
        lambda tx: services.prove_application(tx, tenant, client.client_id, proof, now=now)
    )
    if isinstance(proven, NotProven):
        raise invalid_client(by_basic=client.by_basic)
    by_secret = isinstance(client.proof, SecretProof)
    issuer = issuer_of(installation, tenant)
    claims = services.application_claims(issuer, tenant.id, proven, by_secret=by_secret, now=now)
    seconds = int(APPLICATION_LIFE.total_seconds()) - 1
    return {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": installation.signer.sign(claims),
    }


def find_application(
    tx: Transaction, tenant: Tenant, client: ClientProof, now: datetime
) -> tuple[Application, bool] | None:
    """The client, and whether it proved itself; None when what it showed does not count."""
    if client.proof is None:
        application = authorization.find_client(tx, tenant.id, client.client_id)
        return None if application is None else (application, False)
    proven = services.prove_application(tx, tenant, client.client_id, client.proof, now=now)
    return None if isinstance(proven, NotProven) else (proven.application, True)


Outcome = Delegated | GrantRefused | ProofNeeded | Pending
Exchange = Callable[[Transaction, AtToken], Outcome]
DEVICE_GRANTS = frozenset({"urn:ietf:params:oauth:grant-type:device_code", "device_code"})


async def _for_person(
    installation: Installation, request: TokenRequest, form: Mapping[str, str], exchange: Exchange
) -> Json:
    client, tenant, now = read_proof(installation, request, form), request.tenant, installation.clock()

    def work(tx: Transaction) -> Outcome | None:
        found = find_application(tx, tenant, client, now)
        if found is None:
            return None
        at = AtToken(tenant.id, *found, installation.session_reading, installation.keys, now)
        return exchange(tx, at)

    outcome = await installation.database.write(work)
    if outcome is None or isinstance(outcome, ProofNeeded):
        raise invalid_client(by_basic=client.by_basic)
    if isinstance(outcome, GrantRefused):
        raise invalid_grant(outcome.reason)
    if isinstance(outcome, Pending):
        raise TokenError(400, outcome.error, "Nobody has signed this device in yet.")
    return person_answer(installation, tenant, outcome, now)


def _redeem(form: Mapping[str, str]) -> Exchange:
    code, redirect_uri = form.get("code"), form.get("redirect_uri")
    if not code or not redirect_uri:
        raise invalid_request("code and redirect_uri are required.")
    shown = Redemption(code, redirect_uri, form.get("code_verifier"))
    return lambda tx, at: authorization.redeem_code(tx, at, shown)


def _poll(form: Mapping[str, str]) -> Exchange:
    code = form.get("device_code")
    if not code:
        raise invalid_request("device_code is required.")
    return lambda tx, at: device.poll(tx, at, code)


def _refresh(form: Mapping[str, str]) -> Exchange:
    token = form.get("refresh_token")
    if not token:
        raise invalid_request("refresh_token is required.")
    return lambda tx, at: authorization.refresh(tx, at, token)


def person_answer(installation: Installation, tenant: Tenant, delegated: Delegated, now: datetime) -> Json:
    """The tokens of a person at an application."""
    issuer = issuer_of(installation, tenant)
    scopes = delegated.delegation.scopes
    access_token = installation.signer.sign(access_token_claims(issuer, tenant.id, delegated, now))
    # rounded down: nobody is told that a token lives longer than it does
    seconds = max(int(access_token_life(delegated, now).total_seconds()) - 1, 0)
    answer: Json = {
        "token_type": "Bearer",
        "scope": " ".join(sorted(scopes)),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access_token,
    }
    if delegated.refresh_token is not None:
        answer["refresh_token"] = delegated.refresh_token
    if "openid" in scopes:
        claims = id_token_claims(issuer, tenant.id, delegated, access_token=access_token, now=now)
        answer["id_token"] = installation.signer.sign(claims)
    return answer


def read_form(request: TokenRequest) -> dict[str, str]:
    """The form's fields; each at most once (RFC 6749 3.2). Raises `TokenError`."""
    if request.content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise invalid_request("The Content-Type must be application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise invalid_request("The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise invalid_request("A parameter was sent twice.")
    if any("\x00" in value for value in form.values()):
        raise invalid_request("The form cannot be read.")
    return form


def check_scope(installation: Installation, form: Mapping[str, str]) -> None:
    """The scope must be this service's `.default`, however it is called. Raises `TokenError`."""
    services_named = {GRAPH_AUDIENCE, f"{GRAPH_AUDIENCE}/", _GRAPH_CLIENT, installation.settings.base_url}
    wanted = form.get("scope", "").split()
    named = [scope for scope in wanted if scope not in {"openid", "profile", "offline_access"}]
    if not named or any(scope.removesuffix("/.default") not in services_named for scope in named):
        raise invalid_scope()
    if any(not scope.endswith("/.default") for scope in named):
        raise invalid_scope()


def issuer_of(installation: Installation, tenant: Tenant) -> str:
    """The issuer of a tenant's tokens, from configuration."""
    return f"{installation.settings.base_url}/{tenant.id}/v2.0"


def token_endpoint_of(installation: Installation, tenant: Tenant) -> str:
    """The token endpoint's own address."""
    return f"{installation.settings.base_url}/{tenant.id}/oauth2/v2.0/token"
