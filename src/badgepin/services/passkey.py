"""The verbs on passkeys that exist: list, show, remove. Making one takes an invitation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from badgepin.domain.access import MethodAction, may_act_on_methods
from badgepin.domain.audit import Operation
from badgepin.domain.caller import Call
from badgepin.domain.desk import DESK_ROLES, DeskPersonNow, Passkey, may_remove_passkey
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, NotPermitted, Reason
from badgepin.domain.filter import Field, fold
from badgepin.domain.qr_code_pin import Person
from badgepin.domain.query import Page, Query
from badgepin.domain.small_list import page_of
from badgepin.services.invitation import read_target
from badgepin.services.qr_code_pin import event
from badgepin.services.standing import require
from badgepin.store import audit, invitation
from badgepin.store import passkey as store
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class DeskHolder:
    """Somebody who may come to the desk: with which passkeys, and until when they are invited to register one."""

    person: DeskPersonNow
    passkeys: tuple[Passkey, ...]
    invited_until: datetime | None


def list_passkeys(tx: Transaction, call: Call, named: str) -> tuple[DeskPersonNow, list[Passkey]]:
    """A person's passkeys, the oldest first. Raises `NotFound`, `NotPermitted`."""
    person = _readable(tx, call, named)
    return person, store.list_of(tx, call.tenant_id, [person.id])


def get_passkey(tx: Transaction, call: Call, named: str, passkey_id: str) -> tuple[DeskPersonNow, Passkey]:
    """One of a person's passkeys. Raises `NotFound`, `NotPermitted`."""
    person = _readable(tx, call, named)
    found = store.find(tx, call.tenant_id, person.id, passkey_id)
    if found is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=passkey_id)
    return person, found


def remove_passkey(tx: Transaction, call: Call, named: str, passkey_id: str) -> None:
    """Remove a passkey; whatever it opened ends with it. Raises `NotFound`, `NotPermitted`."""
    standing, person = read_target(
        tx,
        call,
        named,
        lambda standing, target: may_remove_passkey(call.caller, standing, target, reaches_others=call.reaches_others),
    )
    found = store.find(tx, call.tenant_id, person.id, passkey_id)
    if found is None or not store.delete(tx, call.tenant_id, found.id):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=passkey_id)
    who = Person(person.id, person.user_principal_name, person.display_name)
    details = (("PasskeyId", found.id), ("AAGUID", found.aaguid))
    audit.append(tx, call, standing, event(call, who, Operation.DELETE, "passkey", *details))


def list_holders(tx: Transaction, call: Call) -> list[DeskHolder]:
    """Everybody who may come to the desk, by name: for the operator, who sees all."""
    return _with_passkeys(tx, call, store.list_people(tx, call.tenant_id, DESK_ROLES))


def page_of_holders(tx: Transaction, call: Call, query: Query) -> Page[DeskHolder]:
    """A page of those who may come to the desk, by name. Raises `NotPermitted`."""
    require(tx, call, DirectoryAction.READ_DESK_HOLDERS)
    if not call.reaches_others:
        raise NotPermitted(Reason.OTHER_PERSON)
    people = store.list_people(tx, call.tenant_id, DESK_ROLES)
    page = page_of(people, query, _field, lambda person: f"{fold(person.display_name)}\n{person.id}")
    return Page(_with_passkeys(tx, call, page.items), page.after, page.count)


def _field(person: DeskPersonNow, field: Field) -> str | bool:
    value: str | bool = getattr(person, field.name)
    return value


def _with_passkeys(tx: Transaction, call: Call, people: Sequence[DeskPersonNow]) -> list[DeskHolder]:
    ids = [person.id for person in people]
    keys = store.list_of(tx, call.tenant_id, ids)
    invited = {each.user_id: each.expires_at for each in invitation.list_open(tx, call.tenant_id, ids, call.now)}
    return [
        DeskHolder(person, tuple(key for key in keys if key.user_id == person.id), invited.get(person.id))
        for person in people
    ]


def _readable(tx: Transaction, call: Call, named: str) -> DeskPersonNow:
    _, person = read_target(
        tx,
        call,
        named,
        lambda standing, target: may_act_on_methods(
            call.caller,
            standing,
            MethodAction.READ,
            target,
            reaches_others=call.reaches_others,
            strict=call.strict,
        ),
    )
    return person
