"""Applications: what asks for tokens, with its credentials and permissions."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Application:
    """`client_id` is what the application calls itself; `service_principal_id` is who it is in the tenant."""

    id: str
    client_id: str
    service_principal_id: str
    display_name: str
    created_at: datetime
    description: str | None = None
    account_enabled: bool = True
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApplicationSecret:
    """A client secret as it is kept: its digest only. `hint` is its first three characters."""

    key_id: str
    digest: bytes
    hint: str
    start_at: datetime
    end_at: datetime
    display_name: str | None = None


@dataclass(frozen=True)
class ApplicationKey:
    """A public key an application signs its assertions with; `kind` is `jwk` (JSON) or `x509` (PEM or base64 DER)."""

    key_id: str
    kind: str
    public_key: str
    start_at: datetime
    end_at: datetime
    display_name: str | None = None


@dataclass(frozen=True)
class PermissionGrant:
    """A permission that an application holds for itself."""

    id: str
    permission: str
    created_at: datetime


@dataclass(frozen=True)
class DelegatedGrant:
    """The scopes an application may use for people: for one (`user_id`), or for everybody (None)."""

    id: str
    application_id: str
    user_id: str | None
    scopes: frozenset[str]
    created_at: datetime
