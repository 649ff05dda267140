"""Applications: what asks for tokens, with its credentials and permissions."""

from dataclasses import dataclass
from datetime import datetime

from badgepin.domain.authorization import is_registered


@dataclass(frozen=True)
class Application:
    """`client_id` is what the application calls itself; `service_principal_id` is who it is in the tenant.

    `redirect_uris` belong to a server that keeps a secret, the others to pages in a browser and programs on a device.
    """

    id: str
    client_id: str
    service_principal_id: str
    display_name: str
    created_at: datetime
    description: str | None = None
    account_enabled: bool = True
    redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    is_public_client: bool = False

    @property
    def every_redirect_uri(self) -> tuple[str, ...]:
        """Where people may be sent back to, after signing in and after signing out."""
        return (*self.redirect_uris, *self.spa_redirect_uris, *self.public_redirect_uris)

    @property
    def is_public_somewhere(self) -> bool:
        """Whether there is any place where it cannot keep a secret."""
        return self.is_public_client or bool(self.spa_redirect_uris or self.public_redirect_uris)

    def accepts(self, redirect_uri: str) -> bool:
        """Whether people may be sent back there."""
        return is_registered(redirect_uri, self.every_redirect_uri)

    def is_public_at(self, redirect_uri: str | None) -> bool:
        """Whether it cannot keep a secret there: a page in a browser, a program on a device (RFC 6749 2.1)."""
        if redirect_uri is None or not self.accepts(redirect_uri):
            return self.is_public_client
        return not is_registered(redirect_uri, self.redirect_uris) or self.is_public_client


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
