"""Rows of people."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from badgepin.domain.caller import RoleGrant
from badgepin.domain.errors import Conflict, Reason
from badgepin.domain.filter import fold
from badgepin.domain.ids import is_guid
from badgepin.domain.query import Page, Query
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.domain.user import User, UserType, user_principal_name_key
from badgepin.store import listing
from badgepin.store.listing import Listing
from badgepin.store.lock import Lock, locked
from badgepin.store.revocation import foretell
from badgepin.store.standing import grants_of, read_grants
from badgepin.store.tables import administrative_unit_members, group_members, role_assignments, users
from badgepin.store.transaction import Transaction

_NAMES = tuple(field.name for field in fields(User))
_COLUMNS = tuple(users.c[name] for name in _NAMES)
_phones = msgspec.json.Decoder(tuple[str, ...]).decode
_KEYS = ("user_principal_name", "display_name", "given_name", "surname")
FIELDS = {name: users.c[name] for name in _NAMES} | {name: users.c[f"{name}_key"] for name in _KEYS}
"""The column of every field of a person that can be asked about: names in their folded form."""
LISTING = Listing(users, _COLUMNS, FIELDS, users.c.id, indexed=frozenset({"user_principal_name", "display_name"}))


def _is_named(named: str) -> sa.ColumnElement[bool]:
    if is_guid(named):
        return users.c.id == named.lower()
    return users.c.user_principal_name_key == user_principal_name_key(named)


def find(tx: Transaction, tenant_id: str, named: str, *, lock: Lock = Lock.NONE) -> User | None:
    """A person by id or user principal name."""
    statement = sa.select(*_COLUMNS).where(users.c.tenant_id == tenant_id, _is_named(named))
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else read(row)


def list_page(tx: Transaction, tenant_id: str, query: Query) -> Page[User]:
    """A page of people."""
    return listing.list_page(tx, LISTING, users.c.tenant_id == tenant_id, query, read)


def count(tx: Transaction, tenant_id: str, query: Query) -> int:
    """How many people match."""
    return listing.count(tx, LISTING, users.c.tenant_id == tenant_id, query)


def insert(tx: Transaction, tenant_id: str, user: User) -> None:
    """Add a person. Raises `Conflict` when the name is taken."""
    _unless_taken(tx, sa.insert(users).values(tenant_id=tenant_id, **_values(user)))


def update(tx: Transaction, tenant_id: str, user: User, *, ends_tokens: bool) -> None:
    """Save a person; `ends_tokens`, for somebody disabled, ends their tokens. Raises `Conflict`."""
    values: dict[str, Any] = _values(user)
    if ends_tokens:
        foretell(tx, _ended(tenant_id, user.id))
        values["token_generation"] = users.c.token_generation + 1
    _unless_taken(tx, sa.update(users).where(users.c.tenant_id == tenant_id, users.c.id == user.id).values(values))


def find_by_keys(tx: Transaction, tenant_id: str, keys: Sequence[str]) -> dict[str, User]:
    """The people who go by these folded names, by name, kept from being changed meanwhile."""
    key = users.c.user_principal_name_key
    statement = sa.select(*_COLUMNS, key).where(users.c.tenant_id == tenant_id, key.in_(keys)).order_by(users.c.id)
    return {row.user_principal_name_key: read(row) for row in tx.execute(locked(statement, Lock.CHANGE))}


def find_by_ids(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> dict[str, User]:
    """The people with these ids, kept from being changed meanwhile."""
    statement = sa.select(*_COLUMNS).where(users.c.tenant_id == tenant_id, users.c.id.in_(ids)).order_by(users.c.id)
    return {row.id: read(row) for row in tx.execute(locked(statement, Lock.CHANGE))}


def insert_all(tx: Transaction, tenant_id: str, people: Sequence[User]) -> None:
    """Add many people. Raises `Conflict` when a name is taken."""
    if people:
        _unless_taken(tx, sa.insert(users), [{"tenant_id": tenant_id, **_values(user)} for user in people])


def update_all(tx: Transaction, tenant_id: str, people: Sequence[User]) -> None:
    """Save many people, whose tokens go on."""
    if not people:
        return
    values = [_values(user) for user in people]
    changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in values[0] if name != "id"}
    statement = (
        sa.update(users).where(users.c.tenant_id == tenant_id, users.c.id == sa.bindparam("of_id")).values(changed)
    )
    rows = [{"of_id": each["id"], **{f"new_{name}": each[name] for name in changed}} for each in values]
    _unless_taken(tx, statement, rows)


def end_tokens(tx: Transaction, tenant_id: str, user_id: str) -> None:
    """Make every token issued to a person before now worthless."""
    tx.execute(
        sa.update(users)
        .where(users.c.tenant_id == tenant_id, users.c.id == user_id)
        .values(token_generation=users.c.token_generation + 1)
    )


def token_generation(tx: Transaction, tenant_id: str, user_id: str) -> int:
    """The generation that a person's tokens must carry."""
    return int(
        tx.execute(
            sa.select(users.c.token_generation).where(users.c.tenant_id == tenant_id, users.c.id == user_id)
        ).scalar_one()
    )


def delete(tx: Transaction, tenant_id: str, user_id: str) -> bool:
    """Remove a person with memberships, roles and method. Returns whether they were there."""
    foretell(tx, _ended(tenant_id, user_id))
    # the person first: whoever adds them somewhere holds their row, and what they added is seen only afterwards
    gone = tx.execute(sa.delete(users).where(users.c.tenant_id == tenant_id, users.c.id == user_id)).rowcount == 1
    _leave_unmanaged(tx, tenant_id, [user_id])
    assigned = role_assignments.c
    tx.execute(sa.delete(role_assignments).where(assigned.tenant_id == tenant_id, assigned.principal_id == user_id))
    for table in (group_members, administrative_unit_members):
        tx.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.member_id == user_id))
    return gone


def delete_all(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> None:
    """Remove many people with memberships, roles and methods."""
    if not ids:
        return
    foretell(tx, *(_ended(tenant_id, user_id) for user_id in ids))
    tx.execute(sa.delete(users).where(users.c.tenant_id == tenant_id, users.c.id.in_(ids)))
    _leave_unmanaged(tx, tenant_id, ids)
    assigned = role_assignments.c
    tx.execute(sa.delete(role_assignments).where(assigned.tenant_id == tenant_id, assigned.principal_id.in_(ids)))
    for table in (group_members, administrative_unit_members):
        tx.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.member_id.in_(ids)))


def _ended(tenant_id: str, user_id: str) -> Revocation:
    return Revocation(RevocationKind.USER, tenant_id, user_id)


def end_tokens_of_disabled(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> None:
    """Make every token issued before now worthless to people who were disabled."""
    if ids:
        foretell(tx, *(_ended(tenant_id, user_id) for user_id in ids))
        tx.execute(
            sa.update(users)
            .where(users.c.tenant_id == tenant_id, users.c.id.in_(ids))
            .values(token_generation=users.c.token_generation + 1)
        )


def grants(tx: Transaction, tenant_id: str, user_id: str) -> frozenset[RoleGrant]:
    """The roles a person holds, directly or through a group."""
    statement = sa.select(grants_of(users.c.tenant_id, users.c.id)).where(
        users.c.tenant_id == tenant_id, users.c.id == user_id
    )
    return read_grants(tx.execute(statement).scalar_one_or_none())


def list_direct_reports(tx: Transaction, tenant_id: str, manager_id: str, query: Query) -> Page[User]:
    """A page of the people whom somebody manages."""
    managed = sa.and_(users.c.tenant_id == tenant_id, users.c.manager_id == manager_id)
    return listing.list_page(tx, LISTING, managed, query, read)


def _leave_unmanaged(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> None:
    tx.execute(
        sa.update(users).where(users.c.tenant_id == tenant_id, users.c.manager_id.in_(ids)).values(manager_id=None)
    )


def _unless_taken(
    tx: Transaction, statement: sa.Insert | sa.Update, rows: Sequence[dict[str, Any]] | None = None
) -> None:
    try:
        with tx.begin_nested():
            tx.execute(statement, rows)
    except IntegrityError as error:
        raise Conflict(Reason.OBJECT_EXISTS, property="userPrincipalName") from error


def _values(user: User) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in _NAMES}
    values["user_type"] = user.user_type.value
    values["business_phones"] = msgspec.json.encode(user.business_phones).decode()
    return values | {f"{name}_key": None if values[name] is None else fold(values[name]) for name in _KEYS}


def read(row: Any, prefix: str = "") -> User:  # noqa: ANN401 - a row that holds the columns above
    """The person in a row; `prefix` is what the columns' labels begin with."""
    values = {name: row._mapping[f"{prefix}{name}"] for name in _NAMES}
    values["user_type"] = UserType(values["user_type"])
    values["business_phones"] = _phones(values["business_phones"])
    return User(**values)
