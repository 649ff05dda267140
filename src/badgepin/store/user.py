"""Rows of people."""

from dataclasses import fields
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from badgepin.domain.caller import RoleGrant
from badgepin.domain.errors import Conflict, Reason
from badgepin.domain.ids import is_guid
from badgepin.domain.user import User, UserType, user_principal_name_key
from badgepin.store.columns import begins_with
from badgepin.store.lock import Lock, locked
from badgepin.store.standing import grants_of, read_grants
from badgepin.store.tables import administrative_unit_members, group_members, role_assignments, users
from badgepin.store.transaction import Transaction

_NAMES = tuple(field.name for field in fields(User))
_COLUMNS = tuple(users.c[name] for name in _NAMES)
_phones = msgspec.json.Decoder(tuple[str, ...]).decode


def _is_named(named: str) -> sa.ColumnElement[bool]:
    if is_guid(named):
        return users.c.id == named.lower()
    return users.c.user_principal_name_key == user_principal_name_key(named)


def find(tx: Transaction, tenant_id: str, named: str, *, lock: Lock = Lock.NONE) -> User | None:
    """A person by id or user principal name."""
    statement = sa.select(*_COLUMNS).where(users.c.tenant_id == tenant_id, _is_named(named))
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else _read(row)


def list_page(  # noqa: PLR0913 - one statement, every filter named
    tx: Transaction,
    tenant_id: str,
    *,
    after: str,
    limit: int,
    user_id: str | None = None,
    user_principal_name: str | None = None,
    name_prefix: str | None = None,
) -> list[User]:
    """People in the order of their ids, those behind `after` only."""
    statement = sa.select(*_COLUMNS).where(users.c.tenant_id == tenant_id, users.c.id > after)
    if user_id is not None:
        statement = statement.where(users.c.id == user_id.lower())
    if user_principal_name is not None:
        key = user_principal_name_key(user_principal_name)
        statement = statement.where(users.c.user_principal_name_key == key)
    if name_prefix is not None:
        statement = statement.where(begins_with(users.c.display_name, name_prefix))
    return [_read(row) for row in tx.execute(statement.order_by(users.c.id).limit(limit))]


def count(tx: Transaction, tenant_id: str) -> int:
    """How many people there are."""
    return int(tx.execute(sa.select(sa.func.count()).where(users.c.tenant_id == tenant_id)).scalar_one())


def insert(tx: Transaction, tenant_id: str, user: User) -> None:
    """Add a person. Raises `Conflict` when the name is taken."""
    _unless_taken(tx, sa.insert(users).values(tenant_id=tenant_id, **_values(user)))


def update(tx: Transaction, tenant_id: str, user: User, *, ends_tokens: bool) -> None:
    """Save a person; `ends_tokens` makes every token issued before worthless. Raises `Conflict`."""
    values: dict[str, Any] = _values(user)
    if ends_tokens:
        values["token_generation"] = users.c.token_generation + 1
    _unless_taken(tx, sa.update(users).where(users.c.tenant_id == tenant_id, users.c.id == user.id).values(values))


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
    # the person first: whoever adds them somewhere holds their row, and what they added is seen only afterwards
    gone = tx.execute(sa.delete(users).where(users.c.tenant_id == tenant_id, users.c.id == user_id)).rowcount == 1
    assigned = role_assignments.c
    tx.execute(sa.delete(role_assignments).where(assigned.tenant_id == tenant_id, assigned.principal_id == user_id))
    for table in (group_members, administrative_unit_members):
        tx.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.member_id == user_id))
    return gone


def grants(tx: Transaction, tenant_id: str, user_id: str) -> frozenset[RoleGrant]:
    """The roles a person holds, directly or through a group."""
    statement = sa.select(grants_of(users.c.tenant_id, users.c.id)).where(
        users.c.tenant_id == tenant_id, users.c.id == user_id
    )
    return read_grants(tx.execute(statement).scalar_one_or_none())


def _unless_taken(tx: Transaction, statement: sa.Insert | sa.Update) -> None:
    try:
        with tx.begin_nested():
            tx.execute(statement)
    except IntegrityError as error:
        raise Conflict(Reason.OBJECT_EXISTS, property="userPrincipalName") from error


def _values(user: User) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in _NAMES}
    values["user_type"] = user.user_type.value
    values["business_phones"] = msgspec.json.encode(user.business_phones).decode()
    values["user_principal_name_key"] = user_principal_name_key(user.user_principal_name)
    return values


def _read(row: Any) -> User:  # noqa: ANN401 - a row of the columns above
    values = dict(row._mapping)
    values["user_type"] = UserType(values["user_type"])
    values["business_phones"] = _phones(values["business_phones"])
    return User(**values)
