"""Rows of invitations to the desk: used once, by one statement that carries every condition."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from badgepin.domain.desk import Invitation
from badgepin.store.desk_tables import desk_invitations
from badgepin.store.transaction import Transaction

_row = desk_invitations.c


def insert(tx: Transaction, tenant_id: str, invitation: Invitation, secret_digest: bytes) -> None:
    """Keep an invitation; older ones of the same person that were not used are gone."""
    tx.execute(
        sa.delete(desk_invitations).where(
            _row.tenant_id == tenant_id, _row.user_id == invitation.user_id, _row.used_at.is_(None)
        )
    )
    tx.execute(
        sa.insert(desk_invitations).values(
            tenant_id=tenant_id,
            id=invitation.id,
            user_id=invitation.user_id,
            secret_digest=secret_digest,
            created_at=invitation.created_at,
            created_by=invitation.created_by,
            expires_at=invitation.expires_at,
        )
    )


def find(tx: Transaction, tenant_id: str, secret_digest: bytes, now: datetime) -> Invitation | None:
    """The open invitation of a secret."""
    statement = sa.select(desk_invitations).where(*_open(tenant_id, now), _row.secret_digest == secret_digest)
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def use(tx: Transaction, tenant_id: str, secret_digest: bytes, now: datetime) -> bool:
    """Use an invitation up. Of parallel calls exactly one gets True."""
    used = (
        sa.update(desk_invitations)
        .where(*_open(tenant_id, now), _row.secret_digest == secret_digest)
        .values(used_at=now)
    )
    return tx.execute(used).rowcount == 1


def list_open(tx: Transaction, tenant_id: str, ids: Sequence[str], now: datetime) -> list[Invitation]:
    """The open invitations of people, the oldest first."""
    statement = sa.select(desk_invitations).where(*_open(tenant_id, now), _row.user_id.in_(ids))
    return [_read(row) for row in tx.execute(statement.order_by(_row.created_at, _row.id))]


def delete(tx: Transaction, tenant_id: str, user_id: str, invitation_id: str) -> bool:
    """Withdraw an invitation that was not used. Returns whether it was there."""
    gone = sa.delete(desk_invitations).where(
        _row.tenant_id == tenant_id,
        _row.user_id == user_id,
        _row.id == invitation_id.lower(),
        _row.used_at.is_(None),
    )
    return tx.execute(gone).rowcount == 1


def _open(tenant_id: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (_row.tenant_id == tenant_id, _row.used_at.is_(None), _row.expires_at > now)


def _read(row: Any) -> Invitation:  # noqa: ANN401 - a row of the table
    return Invitation(row.id, row.user_id, row.created_at, row.created_by, row.expires_at)
