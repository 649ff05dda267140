"""Charging a guess in one statement on PostgreSQL (security design 4.2, docs/decisions/0018).

It commits by itself and charges every budget or none. The day's ledger is counted in the statement's own snapshot,
which may be older than the lock on the PIN's row; so the row must still be the very version that was read before
(`seen`). Every charge and every refund makes a new version, hence nobody charged in between and the count is exact.

It only ever says yes. Whoever gets no asks `pin.charge`, statement by statement under the lock, which alone may refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from badgepin.domain.lockout import DAY, LockoutRules
from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.pin import NEVER_LOCKED, KeptPin, Step, charge, foretell_wait, read_pin
from badgepin.store.sign_in import take_try
from badgepin.store.sign_in_tables import proofs
from badgepin.store.tables import pin_charges, pin_locks, pins
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import postgresql_upsert


@dataclass(frozen=True)
class SeenPin:
    """A PIN row, and on PostgreSQL the version of the row (its `xmin`) that was read."""

    kept: KeptPin
    row_version: str | None


@dataclass(frozen=True)
class Taken:
    """A charged guess: where its code stands, and the tries left under its proof."""

    step: Step
    tries_left: int


def find_seen_pin(tx: Transaction, tenant_id: str, user_id: str) -> SeenPin | None:
    """A person's PIN row with its version."""
    row = tx.execute(_seeing(is_postgresql=_is_postgresql(tx)), {"in_tenant": tenant_id, "user": user_id}).first()
    return None if row is None else SeenPin(read_pin(row), row.seen)


def charge_at_once(  # noqa: PLR0913 - the parameters of the design's statements
    tx: Transaction, tenant_id: str, pin: SeenPin, *, qr_code_id: str, proof_id: str, rules: LockoutRules, now: datetime
) -> Taken | None:
    """Charge one guess under a proof to every budget. None says nothing but that this way did not charge it."""
    kept = pin.kept
    if not _is_postgresql(tx):
        # one writer: the statements one after another are exact, and as cheap
        with tx.begin_nested() as attempt:
            left = take_try(tx, tenant_id, proof_id, now)
            code = {"qr_code_id": qr_code_id, "proof_id": proof_id}
            step = None if left is None else charge(tx, tenant_id, kept, **code, rules=rules, now=now)
            if left is None or step is None:
                attempt.rollback()
                return None
        return Taken(step, left)
    first = rules.wait_after(1)
    values = {
        "in_tenant": tenant_id,
        "pin": kept.id,
        "ver": kept.version,
        "seen": pin.row_version,
        "code": qr_code_id,
        "proof": proof_id,
        "charge": str(uuid4()),
        "at": now,
        "since": now - DAY,
        "pin_life": rules.pin_life,
        "pin_day": rules.pin_day,
        "badge_day": rules.badge_day,
        "every": rules.step,
        "first_until": NEVER_LOCKED if first is None else now + first,
        **{f"until_{number}": now + wait for number, wait in enumerate(rules.waits)},
    }
    row = tx.execute(_charging(), values).first()
    if row is None:
        return None
    wait = rules.wait_after(row.failures)
    step = Step(row.failures, None if wait is None else now + wait)
    # the charge is committed, and nothing is checked before this is on the disk too
    foretell_wait(tx, tenant_id, kept, qr_code_id, step, life=row.life_failures, now=now)
    return Taken(step, row.tries_left)


def _is_postgresql(tx: Transaction) -> bool:
    return tx.dialect.name == "postgresql"


# a row's version in PostgreSQL: the transaction that wrote it
_ROW_VERSION = sa.cast(sa.literal_column("pins.xmin"), sa.Text)


@cache
def _seeing(*, is_postgresql: bool) -> sa.Select[Any]:
    seen = _ROW_VERSION if is_postgresql else sa.null()
    return sa.select(pins, seen.label("seen")).where(
        pins.c.tenant_id == _TENANT, pins.c.user_id == _bind("user", guid())
    )


def _bind(name: str, kind: Any) -> sa.BindParameter[Any]:  # noqa: ANN401 - a column's type
    return sa.bindparam(name, type_=kind)


_TENANT, _PIN, _PROOF = _bind("in_tenant", guid()), _bind("pin", guid()), _bind("proof", guid())
_CODE, _AT = _bind("code", exact_text(36)), _bind("at", Instant())
_WAITS = 4


def is_unchanged() -> sa.ColumnElement[bool]:
    """Whether the PIN's row is the version that was read: without this, guesses at the same time are miscounted."""
    return _bind("seen", sa.Text()) == _ROW_VERSION


@cache
def _charging() -> sa.Select[Any]:
    # proof, then PIN, then the code's wait: the order in which every other transaction takes them
    shown = sa.select(proofs.c.id).where(_is_proof_open()).with_for_update().cte("shown")
    held = sa.select(pins.c.id).where(_has_budget(), sa.exists(sa.select(shown.c.id))).with_for_update().cte("held")
    taken = (
        sa.update(proofs)
        .where(_is_proof_open(), sa.exists(sa.select(held.c.id)))
        .values(tries_left=proofs.c.tries_left - 1)
        .returning(proofs.c.tries_left)
        .cte("taken")
    )
    life = (
        sa.update(pins)
        .where(pins.c.tenant_id == _TENANT, pins.c.id == _PIN, sa.exists(sa.select(taken.c.tries_left)))
        .values(life_failures=pins.c.life_failures + 1)
        .returning(pins.c.id, pins.c.life_failures)
        .cte("life")
    )
    step = _stepping(life)
    booked = _booking(step)
    return sa.select(step.c.failures, taken.c.tries_left, life.c.life_failures).select_from(
        step.join(taken, sa.true()).join(booked, sa.true()).join(life, sa.true())
    )


def _is_proof_open() -> sa.ColumnElement[bool]:
    kept = proofs.c
    return sa.and_(
        kept.tenant_id == _TENANT,
        kept.id == _PROOF,
        kept.consumed_at.is_(None),
        kept.expires_at > _AT,
        kept.tries_left > 0,
        kept.pin_proven_at.is_(None),
    )


def _has_budget() -> sa.ColumnElement[bool]:
    charged, lock = pin_charges.c, pin_locks.c
    of_pin = (
        sa.select(sa.func.count())
        .select_from(pin_charges)
        .where(charged.tenant_id == _TENANT, charged.pin_id == _PIN)
        .where(charged.charged_at > _bind("since", Instant()), charged.cleared_at.is_(None))
    )
    of_code = of_pin.where(charged.qr_code_id == _CODE)
    waits = sa.select(lock.pin_id).where(
        lock.tenant_id == _TENANT, lock.pin_id == _PIN, lock.qr_code_id == _CODE, lock.locked_until > _AT
    )
    return sa.and_(
        pins.c.tenant_id == _TENANT,
        pins.c.id == _PIN,
        pins.c.version == _bind("ver", sa.Integer()),
        is_unchanged(),
        pins.c.disabled_at.is_(None),
        pins.c.life_failures < _bind("pin_life", sa.Integer()),
        of_pin.scalar_subquery() < _bind("pin_day", sa.Integer()),
        of_code.scalar_subquery() < _bind("badge_day", sa.Integer()),
        ~sa.exists(waits),
    )


def _stepping(life: sa.CTE) -> sa.CTE:
    columns: Mapping[str, Any] = {
        "tenant_id": _TENANT,
        "pin_id": _PIN,
        "qr_code_id": _CODE,
        "failures": sa.literal(1, sa.Integer()),
        "locked_until": _bind("first_until", Instant()),
    }
    row = postgresql_upsert(pin_locks).from_select(list(columns), sa.select(*columns.values()).select_from(life))
    kept = pin_locks.c
    # LockoutRules.wait_after, which the caller asks again with what comes back
    failures, every = kept.failures + 1, _bind("every", sa.Integer())
    waits = {number + 1: _bind(f"until_{number}", Instant()) for number in range(_WAITS)}
    wait = sa.case(waits, value=failures / every, else_=waits[_WAITS])
    return (
        row.on_conflict_do_update(
            index_elements=["tenant_id", "pin_id", "qr_code_id"],
            set_={
                "failures": failures,
                "locked_until": sa.case((failures % every == 0, wait), else_=kept.locked_until),
            },
            where=kept.locked_until <= _AT,
        )
        .returning(kept.failures)
        .cte("step")
    )


def _booking(step: sa.CTE) -> sa.CTE:
    columns: Mapping[str, Any] = {
        "tenant_id": _TENANT,
        "id": _bind("charge", guid()),
        "pin_id": _PIN,
        "qr_code_id": _CODE,
        "proof_id": _PROOF,
        "charged_at": _AT,
    }
    row = sa.insert(pin_charges).from_select(list(columns), sa.select(*columns.values()).select_from(step))
    return row.returning(pin_charges.c.id).cte("booked")
