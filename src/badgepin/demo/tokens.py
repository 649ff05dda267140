"""The demo's ready tokens: signed with its own key, for 24 hours."""

from datetime import timedelta

from badgepin.demo.folder import Memory
from badgepin.services.token import Delegation, NotProven, Proven, application_claims, person_claims, vouch_for
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
    issuer, now = f"{installation.settings.base_url}/{memory.tenant_id}/v2.0", installation.clock()
    made = {}
    for name in APPLICATION_TOKENS:
        proven = vouch_for(tx, memory.tenant_id, memory.clients[name].client_id)
        if isinstance(proven, Proven):
            claims = application_claims(issuer, memory.tenant_id, proven, by_secret=True, now=now, life=LIFE)
            made[name] = installation.signer.sign(claims)
    for name, scopes in PERSON_TOKENS.items():
        delegation = _delegation(tx, memory, memory.users[name], scopes)
        if delegation is not None:
            claims = person_claims(issuer, memory.tenant_id, delegation, now=now, life=LIFE)
            made[name] = installation.signer.sign(claims)
    return made


def _delegation(tx: Transaction, memory: Memory, user_id: str, scopes: tuple[str, ...]) -> Delegation | None:
    user = users.find(tx, memory.tenant_id, user_id)
    through = vouch_for(tx, memory.tenant_id, memory.clients[PEOPLES].client_id)
    if user is None or isinstance(through, NotProven):
        return None
    return Delegation(
        user=user,
        token_generation=users.token_generation(tx, memory.tenant_id, user.id),
        client_id=through.application.client_id,
        client_generation=through.token_generation,
        scopes=frozenset(scopes),
        grants=users.grants(tx, memory.tenant_id, user.id),
    )
