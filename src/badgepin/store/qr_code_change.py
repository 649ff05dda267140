"""Changes of a live code that goes on: another end, or its beginning. Each is a new revision under a new MAC."""

from datetime import datetime

import sqlalchemy as sa

from badgepin.domain.qr_code import Lifetime
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store.audit import PreparedChange
from badgepin.store.columns import Instant
from badgepin.store.revocation import foretell
from badgepin.store.tables import qr_codes
from badgepin.store.transaction import Transaction

_live = sa.and_(
    qr_codes.c.tenant_id == sa.bindparam("in_tenant"),
    qr_codes.c.id == sa.bindparam("code"),
    qr_codes.c.revoked_at.is_(None),
)
_EXPIRY_MOVE = (
    sa.update(qr_codes)
    .where(_live, qr_codes.c.revision == sa.bindparam("old_revision"))
    .values(
        expire_at=sa.bindparam("end", type_=Instant),
        revision=sa.bindparam("new_revision"),
        mac_key_id=sa.bindparam("kid"),
        row_mac=sa.bindparam("mac"),
    )
    .returning(qr_codes.c.id)
)


_ACTIVATION = (
    sa.update(qr_codes)
    .where(_live, qr_codes.c.revision == sa.bindparam("old_revision"), qr_codes.c.activated_at.is_(None))
    .values(
        activated_at=sa.bindparam("at", type_=Instant),
        revision=sa.bindparam("new_revision"),
        mac_key_id=sa.bindparam("kid"),
        row_mac=sa.bindparam("mac"),
    )
    .returning(qr_codes.c.id)
)


def activation(tenant_id: str, code_id: str, now: datetime, *, revision: int, mac: tuple[str, bytes]) -> PreparedChange:
    """The change that brings a waiting code to life; `revision` is the new one and must follow the kept one."""
    values = {
        "in_tenant": tenant_id,
        "code": code_id,
        "old_revision": revision - 1,
        "at": now,
        "new_revision": revision,
        "kid": mac[0],
        "mac": mac[1],
    }
    return PreparedChange(_ACTIVATION, values)


def expiry_move(  # noqa: PLR0913 - the row's values
    tx: Transaction,
    tenant_id: str,
    code_id: str,
    move: Lifetime,
    *,
    revision: int,
    mac: tuple[str, bytes],
    now: datetime,
) -> PreparedChange:
    """The change that moves a live code's end; `revision` is the new one and must follow the kept one."""
    expire_at = move.expire_at
    foretell(tx, Revocation(RevocationKind.EXPIRY, tenant_id, code_id, now, until=expire_at))
    values = {
        "in_tenant": tenant_id,
        "code": code_id,
        "old_revision": revision - 1,
        "end": expire_at,
        "new_revision": revision,
        "kid": mac[0],
        "mac": mac[1],
    }
    return PreparedChange(_EXPIRY_MOVE, values)
