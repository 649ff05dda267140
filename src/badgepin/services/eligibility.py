"""Who may use the method now, and in words what is in the way: for the sign-in, the desk and the command line."""

from dataclasses import dataclass

from badgepin.domain.access import MethodAction
from badgepin.domain.caller import Call
from badgepin.domain.eligibility import Candidate, Eligibility, MayNotUse, MayUse, Obstacle, eligibility_under
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.method_policy import ALL_USERS, MethodPolicy, names_groups
from badgepin.domain.qr_code_pin import Person
from badgepin.services.qr_code_pin import admit
from badgepin.store import group, membership, method_policy, user
from badgepin.store.transaction import Transaction

_WORDS = {
    Obstacle.METHOD_OFF: (
        "Sign-in by badge is switched off for the whole organization.",
        "Set the 'state' of the QR code policy to 'enabled'.",
    ),
    Obstacle.ACCOUNT_DISABLED: (
        "The account is disabled.",
        "Enable the account, if the person should work again.",
    ),
    Obstacle.EXCLUDED_BY_NAME: (
        "The QR code policy excludes this person by name.",
        "Take the person out of the policy's 'excludeTargets'.",
    ),
    Obstacle.EXCLUDED_THROUGH_GROUP: (
        "The QR code policy excludes the group '{group}', which this person is in, perhaps through another group.",
        "Take the person out of '{group}', or the group out of the policy's 'excludeTargets'.",
    ),
    Obstacle.NOT_INCLUDED: (
        "The QR code policy includes neither this person nor any group they are in.",
        "Add the person, or a group they are in, to the policy's 'includeTargets'.",
    ),
    Obstacle.NO_PIN: ("The person has no PIN any more.", "Give the person a new badge with a new PIN."),
}
_EXCLUDES_EVERYBODY = (
    "The QR code policy excludes everybody.",
    "Take 'all_users' out of the policy's 'excludeTargets'.",
)


@dataclass(frozen=True)
class PersonalEligibility:
    """Whether a person may use the method; `cause` and `fix` are empty where nothing is in the way."""

    person: Person
    eligibility: Eligibility
    cause: str = ""
    fix: str = ""


def judge_person(
    tx: Transaction, tenant_id: str, policy: MethodPolicy, user_id: str, *, is_enabled: bool
) -> Eligibility:
    """Whether a person may use the method now; their groups are read only where the policy names one."""
    groups = membership.group_ids_above(tx, tenant_id, user_id) if names_groups(policy) else frozenset[str]()
    return eligibility_under(policy, Candidate(user_id, is_enabled, groups))


def read_eligibility(tx: Transaction, call: Call, named: str) -> PersonalEligibility:
    """Whether a person may use the method now, and why not. Raises `NotFound` or `NotPermitted`."""
    person = admit(tx, call, named, MethodAction.READ).person
    found = user.find(tx, call.tenant_id, person.id)
    if found is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    policy = method_policy.get(tx, call.tenant_id)
    judged = judge_person(tx, call.tenant_id, policy, person.id, is_enabled=found.account_enabled)
    if isinstance(judged, MayUse):
        return PersonalEligibility(person, judged)
    return PersonalEligibility(person, judged, *words_for(tx, call.tenant_id, judged))


def words_for(tx: Transaction, tenant_id: str, bar: MayNotUse) -> tuple[str, str]:
    """Cause and fix, with the name of the group where one is the cause."""
    if bar.group_id == ALL_USERS:
        return _EXCLUDES_EVERYBODY
    cause, fix = _WORDS[bar.obstacle]
    if bar.group_id is None:
        return cause, fix
    known = group.find(tx, tenant_id, bar.group_id)
    name = known.display_name if known else bar.group_id
    # not by `format`: a group may be called anything
    return cause.replace("{group}", name), fix.replace("{group}", name)
