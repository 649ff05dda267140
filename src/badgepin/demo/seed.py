"""Filling the demo's tenant, through the services that the API uses, so that its audit log tells the story."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.demo.beside import TILL
from badgepin.demo.folder import Memory, SampleClient
from badgepin.demo.people import NORTH, PEOPLE, ROLE_GROUP, SHIFT_GROUP, SOUTH, SamplePerson
from badgepin.demo.tokens import ADMINISTRATOR_SCOPES, APPLICATION_TOKENS, AUTOMATION, OWN_SCOPES, PEOPLES
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.application import Application
from badgepin.domain.caller import TENANT_WIDE, Call
from badgepin.domain.directory_role import REPORTS_READER
from badgepin.domain.group import Group
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.domain.permission import is_application_permission
from badgepin.domain.user import User, UserType
from badgepin.services import administrative_unit, application, group, method_policy, permission_grant, user
from badgepin.services.application import WantedCredential
from badgepin.services.permission_grant import WantedDelegation
from badgepin.services.role_assignment import WantedAssignment, assign_role
from badgepin.store.transaction import Transaction


def seed(tx: Transaction, call: Call) -> Memory:
    """Add stores, people, roles, groups and applications, and switch the method on."""
    method_policy.change_policy(tx, call, _enabled)
    units = {name: _add_unit(tx, call, name) for name in (NORTH, SOUTH)}
    users = {person.local_part: _add_person(tx, call, person, units) for person in PEOPLE}
    named = {person.key: users[person.local_part] for person in PEOPLE if person.key}
    _add_groups(tx, call, named)
    return Memory(call.tenant_id, named, _add_clients(tx, call))


def _enabled(policy: MethodPolicy) -> MethodPolicy:
    return replace(policy, state=PolicyState.ENABLED)


def _add_unit(tx: Transaction, call: Call, name: str) -> str:
    unit = AdministrativeUnit(new_guid(), name, call.now, description="A store of the demo.")
    return administrative_unit.create_unit(tx, call, lambda: unit).id


def _add_person(tx: Transaction, call: Call, person: SamplePerson, units: dict[str, str]) -> str:
    made = User(
        new_guid(),
        person.user_principal_name,
        person.display_name,
        call.now,
        user_type=UserType.GUEST if person.is_guest else UserType.MEMBER,
        job_title=person.job_title,
        department=person.store or None,
    )
    user.create_user(tx, call, lambda: made)
    unit = units.get(person.store)
    if unit is not None:
        administrative_unit.add_member(tx, call, unit, lambda: made.id)
    if person.role:
        place = unit if person.role_in_store_only and unit is not None else TENANT_WIDE
        assign_role(tx, call, lambda: WantedAssignment(made.id, person.role, place))
    return made.id


def _add_groups(tx: Transaction, call: Call, users: dict[str, str]) -> None:
    holders = Group(new_guid(), ROLE_GROUP, call.now, is_assignable_to_role=True)
    group.create_group(tx, call, lambda: holders, lambda: [users["roleGroupMember"]])
    assign_role(tx, call, lambda: WantedAssignment(holders.id, REPORTS_READER, TENANT_WIDE))
    shift = Group(new_guid(), SHIFT_GROUP, call.now)
    group.create_group(tx, call, lambda: shift, lambda: [users["worker"], users["otherStoreWorker"]])


def _add_clients(tx: Transaction, call: Call) -> dict[str, SampleClient]:
    clients = {name: _add_client(tx, call, name, permissions) for name, permissions in APPLICATION_TOKENS.items()}
    everything = tuple(scope for scope in ADMINISTRATOR_SCOPES if is_application_permission(scope))
    automation = _add_client(tx, call, AUTOMATION, everything)
    secret = application.add_secret(tx, call, automation.client_id, lambda: WantedCredential("demo"))
    clients[AUTOMATION] = SampleClient(automation.client_id, automation.service_principal_id, secret.text)
    people = _add_client(tx, call, PEOPLES, ())
    scopes = frozenset({*ADMINISTRATOR_SCOPES, *OWN_SCOPES})
    permission_grant.grant_delegation(tx, call, lambda: WantedDelegation(people.client_id, None, scopes))
    till = _add_client(tx, call, TILL, ())
    secret = application.add_secret(tx, call, till.client_id, lambda: WantedCredential("demo"))
    return {**clients, PEOPLES: people, TILL: SampleClient(till.client_id, till.service_principal_id, secret.text)}


def _add_client(tx: Transaction, call: Call, name: str, permissions: tuple[str, ...]) -> SampleClient:
    made = Application(new_guid(), new_guid(), new_guid(), f"Demo {name}", call.now)
    application.create_application(tx, call, lambda: made)
    for permission in permissions:
        permission_grant.grant_permission(tx, call, made.id, lambda value=permission: value)  # type: ignore[misc] # a lambda's default has no type
    return SampleClient(made.client_id, made.service_principal_id)
