"""Opening a session: one statement on PostgreSQL, one transaction on SQLite (security design 5.2, docs/decisions/0014).

The statement takes the shared lock on person and code, sees that both are as they were judged, uses the proof up, gives
the guesses back, and writes session, last use and event; or it does nothing at all.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.store.audit import append_row, event_values, recorded_or_undone, recording
from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.pin import NEVER_LOCKED, refund
from badgepin.store.session import NewSession, insert, note_use
from badgepin.store.sign_in import consume
from badgepin.store.sign_in_tables import proofs, sessions
from badgepin.store.tables import pin_charges, pin_locks, pins, qr_codes, qr_uses, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import postgresql_upsert


@dataclass(frozen=True)
class ToOpen:
    """A session to open for a proof; `revision` and `row_mac` are those of the code row that was judged."""

    session: NewSession
    proof_id: str
    pin_id: str
    revision: int
    row_mac: bytes


def insert_session(tx: Transaction, tenant_id: str, opening: ToOpen, event: dict[str, Any], now: datetime) -> bool:
    """Open it and record the event. False: the proof was used, or person, code or PIN changed meanwhile."""
    session = opening.session
    if tx.dialect.name != "postgresql":
        if not consume(tx, tenant_id, opening.proof_id, now):
            return False
        refund(tx, tenant_id, opening.pin_id, qr_code_id=session.qr_code_id, proof_id=opening.proof_id, now=now)
        insert(tx, tenant_id, session, now)
        note_use(tx, tenant_id, session.qr_code_id, now)
        append_row(tx, event)
        return True
    values = {
        "in_tenant": tenant_id,
        "at": now,
        "never_locked": NEVER_LOCKED,
        "session": session.id,
        "digest": session.secret_digest,
        "user": session.user_id,
        "code": session.qr_code_id,
        "ver": session.pin_version,
        "gen": session.token_generation,
        "until": session.expires_at,
        "proof": opening.proof_id,
        "pin": opening.pin_id,
        "rev": opening.revision,
        "mac": opening.row_mac,
        **event_values(event),
    }
    with recorded_or_undone():
        return tx.execute(_opening(), values).rowcount == 1


def _bind(name: str, kind: Any) -> sa.BindParameter[Any]:  # noqa: ANN401 - a column's type
    return sa.bindparam(name, type_=kind)


_TENANT, _AT = _bind("in_tenant", guid()), _bind("at", Instant())
_USER, _CODE, _PIN = _bind("user", guid()), _bind("code", exact_text(36)), _bind("pin", guid())
_PROOF, _VERSION = _bind("proof", guid()), _bind("ver", sa.Integer())
_GENERATION = _bind("gen", sa.Integer())


def is_as_judged() -> sa.ColumnElement[bool]:
    """Whether person, code and PIN are still those that were let in."""
    return sa.and_(
        users.c.account_enabled,
        users.c.token_generation == _GENERATION,
        qr_codes.c.revoked_at.is_(None),
        qr_codes.c.revision == _bind("rev", sa.Integer()),
        qr_codes.c.row_mac == _bind("mac", sa.LargeBinary()),
        qr_codes.c.expire_at > _AT,
        pins.c.version == _VERSION,
        pins.c.disabled_at.is_(None),
    )


@cache
def _opening() -> sa.Insert:
    judged = (
        sa.select(users.c.id)
        .join(qr_codes, sa.and_(qr_codes.c.tenant_id == users.c.tenant_id, qr_codes.c.user_id == users.c.id))
        .join(pins, sa.and_(pins.c.tenant_id == users.c.tenant_id, pins.c.user_id == users.c.id))
        .where(users.c.tenant_id == _TENANT, users.c.id == _USER, qr_codes.c.id == _CODE, pins.c.id == _PIN)
        .where(is_as_judged())
        # whoever revokes waits for us, and other sign-ins do not
        .with_for_update(read=True, of=[users, qr_codes])
        .cte("judged")
    )
    consumed = (
        sa.update(proofs)
        .where(proofs.c.tenant_id == _TENANT, proofs.c.id == _PROOF, sa.exists(sa.select(judged.c.id)))
        .where(proofs.c.consumed_at.is_(None), proofs.c.expires_at > _AT)
        .values(consumed_at=_AT)
        .returning(proofs.c.id)
        .cte("consumed")
    )
    done = sa.exists(sa.select(consumed.c.id))
    cleared = (
        sa.update(pin_charges)
        .where(pin_charges.c.tenant_id == _TENANT, pin_charges.c.proof_id == _PROOF, done)
        .where(pin_charges.c.cleared_at.is_(None))
        .values(cleared_at=_AT)
        .returning(pin_charges.c.id)
        .cte("cleared")
    )
    refunded = (
        sa.update(pins)
        .where(pins.c.tenant_id == _TENANT, pins.c.id == _PIN, done)
        .values(life_failures=pins.c.life_failures - sa.select(sa.func.count()).select_from(cleared).scalar_subquery())
        .returning(pins.c.id)
        .cte("refunded")
    )
    lock = pin_locks.c
    unlocked = (
        sa.update(pin_locks)
        .where(lock.tenant_id == _TENANT, lock.pin_id == _PIN, lock.qr_code_id == _CODE, done)
        .values(failures=0, locked_until=_bind("never_locked", Instant()))
        .returning(lock.pin_id)
        .cte("unlocked")
    )
    added = _rows(consumed)
    return added.add_cte(cleared, refunded, unlocked)


def _rows(consumed: sa.CTE) -> sa.Insert:
    use = postgresql_upsert(qr_uses).from_select(
        ["tenant_id", "qr_code_id", "last_used_at"], sa.select(_TENANT, _CODE, _AT).select_from(consumed)
    )
    used = (
        use.on_conflict_do_update(index_elements=["tenant_id", "qr_code_id"], set_={"last_used_at": _AT})
        .returning(qr_uses.c.qr_code_id)
        .cte("used")
    )
    session = {
        "tenant_id": _TENANT,
        "id": _bind("session", guid()),
        "secret_digest": _bind("digest", sa.LargeBinary()),
        "user_id": _USER,
        "qr_code_id": _CODE,
        "pin_version": _VERSION,
        "token_generation": _GENERATION,
        "signed_in_at": _AT,
        "last_seen_at": _AT,
        "expires_at": _bind("until", Instant()),
    }
    opened = (
        sa.insert(sessions)
        .from_select(list(session), sa.select(*session.values()).select_from(consumed))
        .returning(sessions.c.id)
        .cte("opened")
    )
    return recording(consumed).add_cte(used, opened)
