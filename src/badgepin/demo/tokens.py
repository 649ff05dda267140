"""The demo's ready tokens: signed with its own key, for 24 hours."""

from datetime import timedelta

from badgepin.crypto.randomness import new_guid
from badgepin.demo.folder import Memory, SampleClient
from badgepin.domain.caller import TENANT_WIDE
from badgepin.store import application as applications
from badgepin.store import user as users
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

Claims = dict[str, str | int | list[str]]

LIFE = timedelta(hours=24)
AUDIENCE = "https://graph.microsoft.com"
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
    made = {}
    for name, permissions in APPLICATION_TOKENS.items():
        claims = _application_claims(tx, memory, memory.clients[name])
        if claims:
            made[name] = _sign(installation, memory, {**claims, "roles": list(permissions)})
    for name, scopes in PERSON_TOKENS.items():
        claims = _person_claims(tx, memory, memory.users[name])
        if claims:
            made[name] = _sign(installation, memory, {**claims, "scp": " ".join(scopes)})
    return made


def _application_claims(tx: Transaction, memory: Memory, client: SampleClient) -> Claims:
    application = applications.find(tx, memory.tenant_id, client.client_id)
    if application is None:
        return {}
    return {
        "appid": application.client_id,
        "oid": application.service_principal_id,
        "sub": application.service_principal_id,
        "idtyp": "app",
        "gen": applications.token_generation(tx, memory.tenant_id, application.id),
    }


def _person_claims(tx: Transaction, memory: Memory, user_id: str) -> Claims:
    user = users.find(tx, memory.tenant_id, user_id)
    if user is None:
        return {}
    grants = users.grants(tx, memory.tenant_id, user.id)
    return {
        "appid": memory.clients[PEOPLES].client_id,
        "oid": user.id,
        "sub": user.id,
        "name": user.display_name,
        "upn": user.user_principal_name,
        "wids": sorted({grant.role_id for grant in grants if grant.unit_id == TENANT_WIDE}),
        "gen": users.token_generation(tx, memory.tenant_id, user.id),
    }


def _sign(installation: Installation, memory: Memory, claims: Claims) -> str:
    now = installation.clock()
    common: Claims = {
        "iss": f"{installation.settings.base_url}/{memory.tenant_id}/v2.0",
        "aud": AUDIENCE,
        "tid": memory.tenant_id,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "uti": new_guid(),
        "ver": "2.0",
    }
    return installation.signer.sign(common | claims)
