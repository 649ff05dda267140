"""Who is asking, and what the directory says about them now."""

from dataclasses import dataclass, field
from datetime import datetime

from badgepin.domain.hands import DualControl

TENANT_WIDE = ""


@dataclass(frozen=True)
class Caller:
    """The bearer of an access token: what the token says, nothing that the directory decides.

    `user_id` is set on a delegated token (a person using an application), None on an application token.
    `token_generation` must still be the one of the user (delegated) or application row; a delegated token names its
    application's too, so that a grant taken back ends it. `grant_id` is set on tokens from a sign-in: they live as
    long as the grant, its session and the code that opened it.
    `desk_session_id` is set for a person at the desk, who proved who they are with a passkey, last at `proven_at`.
    """

    tenant_id: str
    client_id: str
    user_id: str | None
    scopes: frozenset[str]
    token_generation: int
    client_generation: int | None = None
    grant_id: str | None = None
    desk_session_id: str | None = None
    proven_at: datetime | None = None

    @property
    def is_at_desk(self) -> bool:
        """A person who signed in with a passkey to look after other people."""
        return self.desk_session_id is not None

    @property
    def is_application(self) -> bool:
        """An application acting for itself, without a person."""
        return self.user_id is None


@dataclass(frozen=True)
class RoleGrant:
    """A directory role held: its template id, and the administrative unit it is limited to (`TENANT_WIDE`: none)."""

    role_id: str
    unit_id: str = TENANT_WIDE


@dataclass(frozen=True)
class Standing:
    """What the directory says about the caller in this transaction: who it is, and which roles it holds."""

    id: str
    display_name: str
    user_principal_name: str = ""
    is_guest: bool = False
    grants: frozenset[RoleGrant] = field(default_factory=frozenset)

    @property
    def tenant_roles(self) -> frozenset[str]:
        """Template ids of roles held for the whole tenant."""
        return frozenset(grant.role_id for grant in self.grants if grant.unit_id == TENANT_WIDE)

    def holds(self, role_id: str) -> bool:
        """Whether a role is held anywhere, in the tenant or in a unit."""
        return any(grant.role_id == role_id for grant in self.grants)

    def units_of(self, role_id: str) -> frozenset[str]:
        """The administrative units in which a role is held."""
        return frozenset(g.unit_id for g in self.grants if g.role_id == role_id and g.unit_id != TENANT_WIDE)


@dataclass(frozen=True)
class Call:
    """One request as every service sees it: who asks, when, from where, under which rules.

    `reaches_others`: the permission that let the call in is one for all people, not only for the signed-in one.
    `may_hand_out_roles`: a permission to manage roles is held too, which groups that hand roles on need.
    `sessions_end_with_code`: revoking a code ends what it opened.
    `dual_control`: what it leads to when one hand gives both badge and PIN.
    """

    caller: Caller
    now: datetime
    correlation_id: str
    ip_address: str = ""
    reaches_others: bool = True
    may_hand_out_roles: bool = True
    strict: bool = False
    sessions_end_with_code: bool = True
    dual_control: DualControl = field(default_factory=DualControl)

    @property
    def tenant_id(self) -> str:
        """The tenant in which everything of this call happens."""
        return self.caller.tenant_id
