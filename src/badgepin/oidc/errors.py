"""Every way the token issuer says no: RFC 6749 5.2, with the members that MSAL shows its users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(eq=False)
class TokenError(Exception):
    """`error` is RFC 6749's code; `description` is public and says what to do."""

    status: int
    error: str
    description: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, *, now: datetime, trace_id: str, correlation_id: str) -> dict[str, object]:
        """The JSON answer."""
        return {
            "error": self.error,
            "error_description": self.description,
            "timestamp": now.strftime("%Y-%m-%d %H:%M:%SZ"),
            "trace_id": trace_id,
            "correlation_id": correlation_id,
        }


def invalid_request(description: str) -> TokenError:
    """400: a parameter is missing, doubled or malformed."""
    return TokenError(400, "invalid_request", description)


def invalid_client(*, by_basic: bool) -> TokenError:
    """401: no such client, or a proof that does not count; which of them is not said."""
    headers = {"www-authenticate": 'Basic realm="token"'} if by_basic else {}
    return TokenError(
        401, "invalid_client", "The client is unknown, disabled, or its secret or assertion is not valid.", headers
    )


def invalid_grant(description: str) -> TokenError:
    """400: the code or refresh token opens nothing."""
    return TokenError(400, "invalid_grant", description)


def invalid_bearer() -> TokenError:
    """401: the access token does not count (RFC 6750 3.1)."""
    headers = {"www-authenticate": 'Bearer error="invalid_token"'}
    return TokenError(401, "invalid_token", "The access token is missing, expired or revoked.", headers)


def invalid_scope() -> TokenError:
    """400: the scope names something else than this service."""
    return TokenError(400, "invalid_scope", "The scope must be https://graph.microsoft.com/.default.")


def unsupported_grant_type() -> TokenError:
    """400: a grant that this release does not offer."""
    return TokenError(
        400,
        "unsupported_grant_type",
        "This server supports the grant types authorization_code, refresh_token and client_credentials.",
    )


def unknown_tenant() -> TokenError:
    """400: no such tenant here."""
    return TokenError(400, "invalid_tenant", "The tenant in the address was not found: use its id or default domain.")


def unavailable() -> TokenError:
    """503: the database cannot answer; trying again is right."""
    return TokenError(
        503, "temporarily_unavailable", "The service is temporarily unavailable; try again.", {"retry-after": "2"}
    )
