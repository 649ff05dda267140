"""Rows of passkeys, and the people who hold them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from badgepin.domain.desk import DeskPersonNow, Passkey
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store.desk_tables import passkeys
from badgepin.store.holding_roles import holds_role
from badgepin.store.revocation import foretell
from badgepin.store.standing import grants_of, read_grants
from badgepin.store.tables import users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_row = passkeys.c
_transports = msgspec.json.Decoder(tuple[str, ...]).decode
PERSON_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    users.c.id.label("person_id"),
    users.c.user_principal_name.label("person_upn"),
    users.c.display_name.label("person_name"),
    users.c.account_enabled.label("person_enabled"),
    users.c.token_generation.label("person_generation"),
    grants_of(users.c.tenant_id, users.c.id).label("person_grants"),
)
"""What `read_person` reads."""


def read_person(row: Any) -> DeskPersonNow:  # noqa: ANN401 - a row with `PERSON_COLUMNS`
    """The person in a row."""
    return DeskPersonNow(
        row.person_id,
        row.person_upn,
        row.person_name,
        bool(row.person_enabled),
        row.person_generation,
        read_grants(row.person_grants),
    )


def insert(tx: Transaction, tenant_id: str, passkey: Passkey) -> bool:
    """Keep a passkey. Returns False when its credential is known already."""
    values = {
        "tenant_id": tenant_id,
        "id": passkey.id,
        "user_id": passkey.user_id,
        "credential_id": passkey.credential_id,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "transports": msgspec.json.encode(passkey.transports).decode(),
        "aaguid": passkey.aaguid,
        "backed_up": passkey.backed_up,
        "label": passkey.label,
        "created_at": passkey.created_at,
    }
    return tx.execute(upsert(tx, passkeys).values(values).on_conflict_do_nothing()).rowcount == 1


def find_with_person(tx: Transaction, tenant_id: str, credential_id: bytes) -> tuple[Passkey, DeskPersonNow] | None:
    """The passkey of a credential, and its holder."""
    joined = passkeys.join(users, sa.and_(users.c.tenant_id == _row.tenant_id, users.c.id == _row.user_id))
    statement = (
        sa.select(*passkeys.c, *PERSON_COLUMNS)
        .select_from(joined)
        .where(_row.tenant_id == tenant_id, _row.credential_id == credential_id)
    )
    row = tx.execute(statement).first()
    return None if row is None else (_read(row), read_person(row))


def find_person(tx: Transaction, tenant_id: str, user_id: str) -> DeskPersonNow | None:
    """A person as far as the desk asks."""
    row = tx.execute(sa.select(*PERSON_COLUMNS).where(users.c.tenant_id == tenant_id, users.c.id == user_id)).first()
    return None if row is None else read_person(row)


def list_people(tx: Transaction, tenant_id: str, role_ids: frozenset[str]) -> list[DeskPersonNow]:
    """Everybody who holds one of these roles, by name."""
    statement = sa.select(*PERSON_COLUMNS).where(users.c.tenant_id == tenant_id, holds_role(role_ids))
    return [read_person(row) for row in tx.execute(statement.order_by(users.c.display_name_key, users.c.id))]


def list_of(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> list[Passkey]:
    """The passkeys of people, the oldest first."""
    statement = sa.select(passkeys).where(_row.tenant_id == tenant_id, _row.user_id.in_(ids))
    return [_read(row) for row in tx.execute(statement.order_by(_row.created_at, _row.id))]


def find(tx: Transaction, tenant_id: str, user_id: str, passkey_id: str) -> Passkey | None:
    """A passkey of a person."""
    statement = sa.select(passkeys).where(
        _row.tenant_id == tenant_id, _row.user_id == user_id, _row.id == passkey_id.lower()
    )
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def note_use(tx: Transaction, tenant_id: str, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    """Move a passkey's count on. Returns False when somebody moved it at least as far meanwhile."""
    changed = (
        sa.update(passkeys)
        .where(_row.tenant_id == tenant_id, _row.id == passkey.id)
        # authenticators without a counter say 0 for ever
        .where(sa.or_(_row.sign_count < sign_count, sa.and_(_row.sign_count == 0, sa.literal(sign_count) == 0)))
        .values(sign_count=sign_count, last_used_at=now)
    )
    return tx.execute(changed).rowcount == 1


def delete(tx: Transaction, tenant_id: str, passkey_id: str) -> bool:
    """Remove a passkey with the sessions it opened. Returns whether it was there."""
    foretell(tx, Revocation(RevocationKind.PASSKEY, tenant_id, passkey_id))
    return tx.execute(sa.delete(passkeys).where(_row.tenant_id == tenant_id, _row.id == passkey_id)).rowcount == 1


def _read(row: Any) -> Passkey:  # noqa: ANN401 - a row of the table
    return Passkey(
        row.id,
        row.user_id,
        bytes(row.credential_id),
        bytes(row.public_key),
        row.sign_count,
        _transports(row.transports),
        row.aaguid,
        bool(row.backed_up),
        row.label,
        row.created_at,
        row.last_used_at,
    )
