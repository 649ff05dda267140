"""What a client reads first: the issuer's metadata (OpenID Connect Discovery 4), saying only what is true today."""

from badgepin.domain.authorization import ACR, OPENID_SCOPES, ResponseMode
from badgepin.domain.tenant import Tenant
from badgepin.oidc.client_auth import METHODS, PUBLIC
from badgepin.oidc.token import issuer_of, token_endpoint_of
from badgepin.web.installation import Installation

_CLAIMS = (
    "acr amr at_hash aud auth_time azp email exp family_name given_name iat iss name nonce oid preferred_username "
    "qr_code_expires_at qr_code_kind sid stores sub tid upn ver"
)


def discovery_document(installation: Installation, tenant: Tenant) -> dict[str, object]:
    """The metadata of a tenant's issuer."""
    settings = installation.settings
    base, oauth = f"{settings.base_url}/{tenant.id}", f"{settings.base_url}/{tenant.id}/oauth2/v2.0"
    grants = ["authorization_code", "refresh_token", "client_credentials"]
    document: dict[str, object] = {
        "issuer": issuer_of(installation, tenant),
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": token_endpoint_of(installation, tenant),
        "userinfo_endpoint": f"{settings.base_url}/oidc/userinfo",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "end_session_endpoint": f"{oauth}/logout",
        "pushed_authorization_request_endpoint": f"{oauth}/par",
        "introspection_endpoint": f"{oauth}/introspect",
        "revocation_endpoint": f"{oauth}/revoke",
        "token_endpoint_auth_methods_supported": [*METHODS, PUBLIC],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "introspection_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_methods_supported": [*METHODS, PUBLIC],
        "grant_types_supported": grants,
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": [*sorted(OPENID_SCOPES), "https://graph.microsoft.com/.default"],
        "acr_values_supported": [ACR],
        "claims_supported": _CLAIMS.split(),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "tenant_region_scope": None,
        "msgraph_host": settings.base_url.partition("://")[2],
    }
    if settings.device_flow:
        document["device_authorization_endpoint"] = f"{oauth}/devicecode"
        grants.append("urn:ietf:params:oauth:grant-type:device_code")
    return document
