"""A new code takes over from the old one: both rows change in one transaction, under the person's lock."""

from datetime import datetime

import sqlalchemy as sa

from badgepin.domain.qr_code import CodeKind
from badgepin.domain.replacement import TakenOver
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store.audit import PreparedChange
from badgepin.store.columns import Instant
from badgepin.store.qr_code_pin import lock_person
from badgepin.store.revocation import foretell
from badgepin.store.tables import qr_codes
from badgepin.store.transaction import Transaction

_code = qr_codes.c


_REVOCATION = (
    sa.update(qr_codes)
    .where(_code.tenant_id == sa.bindparam("in_tenant"), _code.id == sa.bindparam("code"))
    .where(_code.revoked_at.is_(None), _code.is_replacement)
    .values(revoked_at=sa.bindparam("at", type_=Instant))
    .returning(_code.id)
)


def revocation(tx: Transaction, tenant_id: str, code_id: str, now: datetime) -> PreparedChange:
    """The change that revokes one code that waits to take over, and hits nothing once it did."""
    foretell(tx, Revocation(RevocationKind.CODE, tenant_id, code_id, now))
    return PreparedChange(_REVOCATION, {"in_tenant": tenant_id, "code": code_id, "at": now})


def lock_codes(tx: Transaction, tenant_id: str, user_id: str) -> None:
    """Let nobody sign in with, or revoke, a person's standard codes until the transaction ends.

    The person first and the old code before the new one, as everybody else takes them: then nobody waits in a circle.
    """
    lock_person(tx, tenant_id, user_id)
    tx.execute(
        sa.select(_code.id)
        .where(_is_live(tenant_id, user_id))
        .order_by(_code.is_replacement, _code.id)
        .with_for_update(key_share=True)
    )


def take_over(tx: Transaction, tenant_id: str, user_id: str, qr_code_id: str, now: datetime) -> TakenOver | None:
    """Revoke the old code and put the new one in its place; None when it is there already, or revoked.

    In one transaction with `lock_codes`, which keeps the rows as they are.
    """
    mine = sa.and_(_is_live(tenant_id, user_id), _code.id == qr_code_id, _code.is_replacement)
    if tx.execute(sa.select(_code.id).where(mine)).first() is None:
        return None
    others = sa.and_(_is_live(tenant_id, user_id), _code.id != qr_code_id)
    ended = tx.execute(sa.select(_code.id).where(others)).scalars().all()
    foretell(tx, *(Revocation(RevocationKind.CODE, tenant_id, each, now) for each in ended))
    tx.execute(sa.update(qr_codes).where(others).values(revoked_at=now))
    tx.execute(sa.update(qr_codes).where(mine).values(is_replacement=False))
    return TakenOver(qr_code_id, ended)


def _is_live(tenant_id: str, user_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        _code.tenant_id == tenant_id,
        _code.user_id == user_id,
        _code.kind == CodeKind.STANDARD.value,
        _code.revoked_at.is_(None),
    )
