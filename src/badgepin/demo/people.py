"""Who works in the demo: two stores, their managers, the administrators, a guest."""

from dataclasses import dataclass

from badgepin.domain import directory_role as roles

ORGANIZATION, DOMAIN = "Two Stores", "stores.example"
NORTH, SOUTH = "Store North", "Store South"
ROLE_GROUP, SHIFT_GROUP = "Role holders", "Night shift"


@dataclass(frozen=True)
class SamplePerson:
    """A person of the demo; `key` is the name by which tools find them, empty for those who only fill the stores."""

    key: str
    display_name: str
    local_part: str
    job_title: str
    store: str = ""
    role: str = ""
    role_in_store_only: bool = False
    is_guest: bool = False

    @property
    def user_principal_name(self) -> str:
        """The name they are found by."""
        return f"{self.local_part}@{DOMAIN}"


def _worker(key: str, display_name: str, local_part: str, store: str) -> SamplePerson:
    return SamplePerson(key, display_name, local_part, "Sales assistant", store)


def _administrator(key: str, display_name: str, local_part: str, role: str) -> SamplePerson:
    return SamplePerson(key, display_name, local_part, roles.BY_ID[role].display_name, role=role)


PEOPLE: tuple[SamplePerson, ...] = (
    _worker("worker", "Amina Diallo", "amina", NORTH),
    _worker("newWorker", "Łukasz Nowak", "lukasz", NORTH),
    _worker("otherStoreWorker", "田中 美咲", "misaki", SOUTH),
    SamplePerson(
        "manager",
        "Zoë O'Neil",
        "zoe",
        "Store manager",
        NORTH,
        roles.AUTHENTICATION_ADMINISTRATOR,
        role_in_store_only=True,
    ),
    _administrator("globalAdministrator", "Ada Okafor", "ada", roles.GLOBAL_ADMINISTRATOR),
    _administrator("helpdeskAdministrator", "Henrik Solberg", "henrik", roles.HELPDESK_ADMINISTRATOR),
    _administrator("passwordAdministrator", "Pilar Gómez", "pilar", roles.PASSWORD_ADMINISTRATOR),
    _administrator("globalReader", "Grace Kim", "grace", roles.GLOBAL_READER),
    _administrator("authenticationAdministrator", "Ольга Иванова", "olga", roles.AUTHENTICATION_ADMINISTRATOR),
    _administrator(
        "privilegedAuthenticationAdministrator", "Yusuf Demir", "yusuf", roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR
    ),
    _administrator(
        "authenticationPolicyAdministrator", "Nguyễn Thị Mai", "mai", roles.AUTHENTICATION_POLICY_ADMINISTRATOR
    ),
    SamplePerson("guest", "Sam Partner", "sam_partner.example#EXT#", "Auditor", is_guest=True),
    SamplePerson("roleGroupMember", "Rosa Lindqvist", "rosa", "Area lead"),
    SamplePerson(
        "", "Δημήτρης Παππάς", "dimitris", "Store manager", SOUTH, roles.BADGE_MANAGER, role_in_store_only=True
    ),
    _worker("", "فاطمة الزهراء", "fatima", NORTH),
    _worker("", "李 伟", "wei", NORTH),
    _worker("", "Jürgen Weiß", "juergen", NORTH),
    _worker("", "प्रिया शर्मा", "priya", NORTH),
    _worker("", "דוד לוי", "david", SOUTH),
    _worker("", "Chloé Dubois", "chloe", SOUTH),
    _worker("", "김 민준", "minjun", SOUTH),
    _worker("", "Thiago Araújo", "thiago", SOUTH),
    _worker("", "สมชาย ใจดี", "somchai", SOUTH),
    _worker("", "Siobhán Byrne", "siobhan", SOUTH),
)
