"""What a client reads first: the issuer's metadata (OpenID Connect Discovery 4), saying only what is true today."""

from badgepin.domain.tenant import Tenant
from badgepin.oidc.client_auth import METHODS
from badgepin.oidc.token import issuer_of, token_endpoint_of
from badgepin.web.installation import Installation


def discovery_document(installation: Installation, tenant: Tenant) -> dict[str, object]:
    """The metadata of a tenant's issuer.

    Clients insist on an authorization endpoint; the one named answers that signing people in comes later.
    """
    base = f"{installation.settings.base_url}/{tenant.id}"
    return {
        "issuer": issuer_of(installation, tenant),
        "token_endpoint": token_endpoint_of(installation, tenant),
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["https://graph.microsoft.com/.default"],
        "claims_supported": ["aud", "exp", "iat", "iss", "oid", "roles", "sub", "tid", "ver"],
        "tenant_region_scope": None,
        "msgraph_host": installation.settings.base_url.partition("://")[2],
    }
