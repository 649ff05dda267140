"""Tokens for programs on the same host without a secret: App Service's managed identity (graph-contract 10.3)."""

import hmac
from collections.abc import Mapping

from badgepin.domain.tenant import Tenant
from badgepin.oidc.errors import TokenError, invalid_request
from badgepin.oidc.token import issuer_of
from badgepin.services import token as services
from badgepin.services.tenant import find_tenant
from badgepin.services.token import GRAPH_AUDIENCE, NotProven, Proven
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

_VERSIONS = frozenset({"2017-09-01", "2018-02-01", "2019-08-01"})


async def answer_identity_request(
    installation: Installation, query: Mapping[str, str], header: str | None
) -> dict[str, object]:
    """The token answer of `GET IDENTITY_ENDPOINT?resource=..&api-version=..`. Raises `TokenError`."""
    settings = installation.settings
    if not settings.managed_identity_secret:
        raise TokenError(404, "not_found", "No managed identity is set up on this server.")
    if not hmac.compare_digest((header or "").encode(), settings.managed_identity_secret.encode()):
        raise TokenError(401, "invalid_client", "The X-IDENTITY-HEADER is missing or wrong.")
    if query.get("api-version") not in _VERSIONS:
        raise invalid_request("api-version must be 2019-08-01.")
    resource = query.get("resource", "").rstrip("/")
    if resource not in {GRAPH_AUDIENCE, settings.base_url, "00000003-0000-0000-c000-000000000000"}:
        raise invalid_request(f"resource must be {GRAPH_AUDIENCE}.")
    found = await installation.database.read(lambda tx: _find(tx, installation))
    if found is None:
        raise TokenError(400, "invalid_client", "The managed identity's application does not exist or is disabled.")
    tenant, proven = found
    now = installation.clock()
    claims = services.application_claims(issuer_of(installation, tenant), tenant.id, proven, by_secret=False, now=now)
    return {
        "access_token": installation.signer.sign(claims),
        "client_id": proven.application.client_id,
        "expires_on": str(claims["exp"]),
        "not_before": str(claims["nbf"]),
        "resource": GRAPH_AUDIENCE,
        "token_type": "Bearer",
    }


def _find(tx: Transaction, installation: Installation) -> tuple[Tenant, Proven] | None:
    settings = installation.settings
    tenant = find_tenant(tx, settings.managed_identity_tenant_id)
    if tenant is None:
        return None
    proven = services.vouch_for(tx, tenant.id, settings.managed_identity_client_id)
    return None if isinstance(proven, NotProven) else (tenant, proven)
