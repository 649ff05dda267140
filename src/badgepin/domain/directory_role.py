"""The built-in directory roles: Microsoft's names and template ids (graph-contract 5.3 to 5.5), and one of our own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DirectoryRole:
    """A built-in role; `id` is its template id, the same in every tenant."""

    id: str
    display_name: str
    description: str
    assignable_to_unit: bool = False


GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
AUTHENTICATION_ADMINISTRATOR = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
AUTHENTICATION_POLICY_ADMINISTRATOR = "0526716b-113d-4c15-b2c8-68e3c22b9f80"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
HELPDESK_ADMINISTRATOR = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
PASSWORD_ADMINISTRATOR = "966707d0-3269-4727-9be2-8c3a10f19b9d"  # noqa: S105 - a role's public id, not a password
GROUPS_ADMINISTRATOR = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
LICENSE_ADMINISTRATOR = "4d6ac14f-3453-41d0-bef9-a3e0c569773a"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
DIRECTORY_WRITERS = "9360feb5-f418-4baa-8175-e2a00bac4301"
GUEST_INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
MESSAGE_CENTER_READER = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"
SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"
SECURITY_ADMINISTRATOR = "194ae4cb-b126-40b2-bd5b-6091b380977d"
USER_EXPERIENCE_SUCCESS_MANAGER = "27460883-1df1-4691-b032-3b79643e5e63"
USAGE_SUMMARY_REPORTS_READER = "75934031-6c7e-415a-99d7-48dbd49e875e"
# not Microsoft's: who looks after a store's badges, and after nothing else
BADGE_MANAGER = "b1d9e4f0-6c2a-4f0e-9a75-3e8c51d70b2f"

BUILT_IN: tuple[DirectoryRole, ...] = (
    DirectoryRole(GLOBAL_ADMINISTRATOR, "Global Administrator", "Can manage everything in the tenant."),
    DirectoryRole(
        GLOBAL_READER, "Global Reader", "Can read everything that a Global Administrator can, without changing it."
    ),
    DirectoryRole(
        AUTHENTICATION_ADMINISTRATOR,
        "Authentication Administrator",
        "Can view, set and reset sign-in methods of people without an administrator role.",
        assignable_to_unit=True,
    ),
    DirectoryRole(
        PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
        "Privileged Authentication Administrator",
        "Can view, set and reset sign-in methods of everybody.",
        assignable_to_unit=True,
    ),
    DirectoryRole(
        AUTHENTICATION_POLICY_ADMINISTRATOR,
        "Authentication Policy Administrator",
        "Can set the tenant's authentication methods policy.",
    ),
    DirectoryRole(USER_ADMINISTRATOR, "User Administrator", "Can manage people and groups.", assignable_to_unit=True),
    DirectoryRole(
        HELPDESK_ADMINISTRATOR,
        "Helpdesk Administrator",
        "Can help people without an administrator role; sign-in by badge is not part of it.",
        assignable_to_unit=True,
    ),
    DirectoryRole(
        PASSWORD_ADMINISTRATOR,
        "Password Administrator",
        "Can reset passwords of people without an administrator role; sign-in by badge is not part of it.",
        assignable_to_unit=True,
    ),
    DirectoryRole(GROUPS_ADMINISTRATOR, "Groups Administrator", "Can manage groups.", assignable_to_unit=True),
    DirectoryRole(LICENSE_ADMINISTRATOR, "License Administrator", "Can manage licences.", assignable_to_unit=True),
    DirectoryRole(PRIVILEGED_ROLE_ADMINISTRATOR, "Privileged Role Administrator", "Can assign directory roles."),
    DirectoryRole(
        APPLICATION_ADMINISTRATOR, "Application Administrator", "Can manage applications and their permissions."
    ),
    DirectoryRole(
        CLOUD_APPLICATION_ADMINISTRATOR,
        "Cloud Application Administrator",
        "Can manage applications and their permissions.",
    ),
    DirectoryRole(DIRECTORY_READERS, "Directory Readers", "Can read basic directory information."),
    DirectoryRole(DIRECTORY_WRITERS, "Directory Writers", "Can read and write basic directory information."),
    DirectoryRole(GUEST_INVITER, "Guest Inviter", "Can invite guests."),
    DirectoryRole(MESSAGE_CENTER_READER, "Message Center Reader", "Can read announcements."),
    DirectoryRole(REPORTS_READER, "Reports Reader", "Can read reports and the sign-in and audit logs."),
    DirectoryRole(SECURITY_READER, "Security Reader", "Can read security information, reports and logs."),
    DirectoryRole(
        SECURITY_ADMINISTRATOR, "Security Administrator", "Can read security information and set security policy."
    ),
    DirectoryRole(
        USER_EXPERIENCE_SUCCESS_MANAGER, "User Experience Success Manager", "Can read usage and feedback reports."
    ),
    DirectoryRole(USAGE_SUMMARY_REPORTS_READER, "Usage Summary Reports Reader", "Can read summarised usage reports."),
    DirectoryRole(
        BADGE_MANAGER,
        "Badge Manager",
        "Can see, issue, replace and revoke the badges of people without a role, reset and unlock their PINs.",
        assignable_to_unit=True,
    ),
)

BY_ID = {role.id: role for role in BUILT_IN}
