"""The demo's ready tokens: signed with its own key, for 24 hours."""

from datetime import timedelta

from badgepin.demo.folder import Memory, SampleClient
from badgepin.demo.people import DOMAIN, ORGANIZATION
from badgepin.domain.tenant import Tenant
from badgepin.services.token import Claims, Delegation, Proven, application_claims, person_claims
from badgepin.store import application as applications
from badgepin.store import user as users
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

LIFE = timedelta(hours=24)
AUTOMATION, PEOPLES = "automation", "people"

APPLICATION_TOKENS: dict[str, tuple[str, ...]] = {
    "applicationReadWrite": ("UserAuthenticationMethod.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All"),
    "applicationQrReadWrite": ("UserAuthMethod-QR.ReadWrite.All",),
    "applicationQrRead": ("UserAuthMethod-QR.Read.All",),
    "applicationPolicy": ("Policy.ReadWrite.AuthenticationMethod",),
    "applicationAudit": ("AuditLog.Read.All",),
}
"""Each is an application of its own, granted just these permissions."""

ADMINISTRATOR_SCOPES = (
    "UserAuthenticationMethod.ReadWrite.All",
    "UserAuthMethod-QR.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "AdministrativeUnit.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "Application.ReadWrite.All",
    "AuditLog.Read.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
)
OWN_SCOPES = (
    "UserAuthMethod-QR.ReadWrite",
    "UserAuthenticationMethod.ReadWrite",
    "User.Read",
    "Directory.AccessAsUser.All",
)
PERSON_TOKENS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "globalAdministrator",
            "authenticationAdministrator",
            "privilegedAuthenticationAdministrator",
            "authenticationPolicyAdministrator",
            "globalReader",
            "helpdeskAdministrator",
            "manager",
        ),
        ADMINISTRATOR_SCOPES,
    ),
    "worker": OWN_SCOPES,
}


def make_tokens(tx: Transaction, installation: Installation, memory: Memory) -> dict[str, str]:
    """Every ready token, by its name; those of somebody who was removed since are left out."""
    claims: dict[str, Claims | None] = {}
    for name, permissions in APPLICATION_TOKENS.items():
        claims[name] = _application_claims(tx, installation, memory, memory.clients[name], permissions)
    for name, scopes in PERSON_TOKENS.items():
        claims[name] = _person_claims(tx, installation, memory, memory.users[name], scopes)
    return {name: installation.signer.sign(each) for name, each in claims.items() if each is not None}


def _application_claims(
    tx: Transaction, installation: Installation, memory: Memory, client: SampleClient, permissions: tuple[str, ...]
) -> Claims | None:
    application = applications.find(tx, memory.tenant_id, client.client_id)
    if application is None:
        return None
    now, generation = installation.clock(), applications.token_generation(tx, memory.tenant_id, application.id)
    tenant = Tenant(memory.tenant_id, ORGANIZATION, DOMAIN, now)
    proven = Proven(application, permissions, generation)
    claims = application_claims(_issuer(installation, memory), tenant, proven, by_secret=True, now=now)
    return claims | {"exp": int((now + LIFE).timestamp())}


def _person_claims(
    tx: Transaction, installation: Installation, memory: Memory, user_id: str, scopes: tuple[str, ...]
) -> Claims | None:
    user = users.find(tx, memory.tenant_id, user_id)
    if user is None:
        return None
    delegation = Delegation(
        user,
        users.token_generation(tx, memory.tenant_id, user.id),
        memory.clients[PEOPLES].client_id,
        frozenset(scopes),
        users.grants(tx, memory.tenant_id, user.id),
    )
    issuer = _issuer(installation, memory)
    return person_claims(issuer, memory.tenant_id, delegation, now=installation.clock(), life=LIFE)


def _issuer(installation: Installation, memory: Memory) -> str:
    return f"{installation.settings.base_url}/{memory.tenant_id}/v2.0"
