"""The token endpoint (RFC 6749 3.2): a form in, a token or a refusal out; no web framework in here."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from badgepin.domain.tenant import Tenant
from badgepin.oidc.client_auth import ClientProof, read_client
from badgepin.oidc.errors import invalid_client, invalid_request, invalid_scope, unsupported_grant_type
from badgepin.services import token as services
from badgepin.services.token import APPLICATION_LIFE, GRAPH_AUDIENCE, NotProven, SecretProof
from badgepin.web.installation import Installation

_MOST_FIELDS = 50
_GRAPH_CLIENT = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class TokenRequest:
    """A POST to the token endpoint of a tenant."""

    tenant: Tenant
    content_type: str
    body: bytes
    authorization: str | None = None


async def answer_token_request(installation: Installation, request: TokenRequest) -> dict[str, object]:
    """The JSON answer of a grant. Raises `TokenError`."""
    form = read_form(request)
    grant = form.get("grant_type")
    if not grant:
        raise invalid_request("grant_type is required.")
    if grant != "client_credentials":
        raise unsupported_grant_type()
    issuer = issuer_of(installation, request.tenant)
    client = read_client(
        form, request.authorization, frozenset({issuer, token_endpoint_of(installation, request.tenant)})
    )
    check_scope(installation, form)
    return await _client_credentials(installation, request.tenant, client)


async def _client_credentials(installation: Installation, tenant: Tenant, client: ClientProof) -> dict[str, object]:
    now = installation.clock()
    proven = await installation.database.write(
        lambda tx: services.prove_application(tx, tenant, client.client_id, client.proof, now=now)
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
