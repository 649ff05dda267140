"""The permissions that applications can be granted, with the ids scripts know them by (graph-contract 5.2).

An id is Microsoft's public one; a permission whose id is not established here is granted by its value alone.
"""

from dataclasses import dataclass

GRAPH_CLIENT = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Permission:
    """A permission's value, and its ids as a delegated scope and as an application role (None: does not exist so)."""

    value: str
    delegated_id: str | None = None
    application_id: str | None = None


CATALOGUE: tuple[Permission, ...] = (
    Permission("UserAuthMethod-QR.Read", "d6893c31-9187-405c-8dfc-f700c8fc161a"),
    Permission(
        "UserAuthMethod-QR.Read.All", "e4900dfb-ad17-410d-8ddb-7aebd8a6af1a", "9a45bc50-cddd-4ebe-bd9c-4f2eacf646ae"
    ),
    Permission("UserAuthMethod-QR.ReadWrite", "651210da-18ce-4e42-b7db-302ff88e9326"),
    Permission(
        "UserAuthMethod-QR.ReadWrite.All",
        "db39086a-da7d-4cbd-9ac0-6816f9a80c95",
        "4869299f-18c3-40c8-98f2-222657e67db1",
    ),
    Permission("UserAuthenticationMethod.Read", "1f6b61c5-2f65-4135-9c9f-31c0f8d32b52"),
    Permission(
        "UserAuthenticationMethod.Read.All",
        "aec28ec7-4d02-4e8c-b864-50163aea77eb",
        "38d9df27-64da-44fd-b7c5-a6fbac20248f",
    ),
    Permission("UserAuthenticationMethod.ReadWrite", "48971fc1-70d7-4245-af77-0beb29b53ee2"),
    Permission(
        "UserAuthenticationMethod.ReadWrite.All",
        "b7887744-6746-4312-813d-72daeaee7e2d",
        "50483e42-d915-4231-9639-7fdb7fd190e5",
    ),
    Permission("Policy.Read.AuthenticationMethod", "a6ff13ac-1851-4993-8ca9-a671d70de2d5"),
    Permission(
        "Policy.ReadWrite.AuthenticationMethod",
        "7e823077-d88e-468f-a337-e18f1f0e6c7c",
        "29c18626-4985-4dcd-85c0-193eef327366",
    ),
    Permission("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    Permission(
        "Policy.ReadWrite.ConditionalAccess",
        "ad902697-1014-4ef5-81ef-2b4301988e8c",
        "01c0a623-fc9b-48e9-b794-0756f8e8f067",
    ),
    Permission("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"),
    Permission("User.ReadWrite", "b4e74841-8e56-480b-be8b-910348b18b4c"),
    Permission("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59", "df021288-bdef-4463-88db-98f22de89214"),
    Permission("User.ReadWrite.All", "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4", "741f803b-c850-494e-b5df-cde7c675a1ca"),
    Permission("User.RevokeSessions.All"),
    Permission("Group.Read.All", "5f8c59db-677d-491f-a6b8-5f174b11ec1d", "5b567255-7703-4780-807c-7be8301ae99b"),
    Permission("Group.ReadWrite.All", "4e46008b-f24c-477d-8fff-7bb4ec7aafe0", "62a82d76-70ea-41e2-9197-370581804d09"),
    Permission("GroupMember.Read.All", "bc024368-1153-4739-b217-4326f2e966d0", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    Permission("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    Permission(
        "Directory.ReadWrite.All", "c5366453-9fb0-48a5-a156-24f0c49a4b84", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"
    ),
    Permission("Directory.AccessAsUser.All", "0e263e50-5827-48a4-b97c-d940288653c7"),
    Permission(
        "AdministrativeUnit.Read.All", "3361d15d-be43-4de6-b441-3c746d05163d", "134fd756-38ce-4afd-ba33-e9623dbe66c2"
    ),
    Permission(
        "AdministrativeUnit.ReadWrite.All",
        "7b8a2d34-6b3f-4542-a343-54651608ad81",
        "5eb59dd3-1da2-4329-8733-9dabdc435916",
    ),
    Permission(
        "RoleManagement.Read.Directory",
        "741c54c3-0c1e-44a1-818b-3f97ab4e8c83",
        "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    ),
    Permission(
        "RoleManagement.ReadWrite.Directory",
        "d01b97e9-cbc0-49fe-810a-750afd5527a3",
        "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    ),
    Permission("Application.Read.All", "c79f8feb-a9db-4090-85f9-90d820caa0eb", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    Permission(
        "Application.ReadWrite.All", "bdfbf15f-ee85-4955-8675-146e8e5296b5", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"
    ),
    Permission(
        "AppRoleAssignment.ReadWrite.All",
        "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
        "06b708a9-e830-4db3-a914-8e69da51d44f",
    ),
    Permission(
        "DelegatedPermissionGrant.ReadWrite.All",
        "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
        "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    ),
    Permission("AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    Permission("Organization.Read.All", "4908d5b9-3fb2-4b1e-9336-1888b7937185", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    Permission(
        "Organization.ReadWrite.All", "46ca0847-7e6b-426e-9775-ea810a948356", "292d869f-3427-49a8-9dab-8c70152b74e9"
    ),
)

BY_VALUE = {permission.value: permission for permission in CATALOGUE}
BY_APPLICATION_ID = {permission.application_id: permission for permission in CATALOGUE if permission.application_id}


_OWN_ONLY = frozenset(
    {
        "UserAuthMethod-QR.Read",
        "UserAuthMethod-QR.ReadWrite",
        "UserAuthenticationMethod.Read",
        "UserAuthenticationMethod.ReadWrite",
        "User.Read",
        "User.ReadWrite",
        "Directory.AccessAsUser.All",
    }
)


def is_application_permission(value: str) -> bool:
    """Whether an application can hold a permission for itself: it reaches everybody, not only the person signed in."""
    permission = BY_VALUE.get(value)
    return permission is not None and value not in _OWN_ONLY
