"""PIN rows and the guesses charged to them (security design 4.2): charge first, commit, then hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from badgepin.domain.hashed_pin import HashedPin
from badgepin.domain.lockout import DAY, LockoutRules
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store.revocation import foretell
from badgepin.store.tables import pin_charges, pin_locks, pins
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

NEVER_LOCKED = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class KeptPin:
    """A PIN row: what is needed to check a guess."""

    id: str
    version: int
    hashed: HashedPin
    expires_at: datetime | None


def insert_pin(tx: Transaction, tenant_id: str, user_id: str, pin: KeptPin, *, length: int, now: datetime) -> None:
    """The temporary PIN of a new method."""
    tx.execute(
        sa.insert(pins).values(
            tenant_id=tenant_id,
            user_id=user_id,
            id=pin.id,
            version=pin.version,
            length=length,
            must_change_at_next_sign_in=True,
            expires_at=pin.expires_at,
            created_at=now,
            updated_at=now,
            **_hash_columns(pin.hashed),
        )
    )


def replace_pin(  # noqa: PLR0913 - one statement, every value named
    tx: Transaction,
    tenant_id: str,
    user_id: str,
    pin: KeptPin,
    *,
    length: int,
    must_change: bool,
    now: datetime,
) -> bool:
    """Give a PIN new digits under the version after the kept one; its lifetime budget starts anew."""
    foretell(tx, Revocation(RevocationKind.PIN, tenant_id, pin.id, now, version=pin.version))
    changed = tx.execute(
        sa.update(pins)
        .where(pins.c.tenant_id == tenant_id, pins.c.user_id == user_id, pins.c.id == pin.id)
        .where(pins.c.version == pin.version - 1)
        .values(
            version=pin.version,
            length=length,
            must_change_at_next_sign_in=must_change,
            expires_at=pin.expires_at,
            updated_at=now,
            life_failures=0,
            disabled_at=None,
            **_hash_columns(pin.hashed),
        )
    )
    return changed.rowcount == 1


def _hash_columns(hashed: HashedPin) -> dict[str, Any]:
    return {
        "memory_kib": hashed.memory_kib,
        "iterations": hashed.iterations,
        "parallelism": hashed.parallelism,
        "salt": hashed.salt,
        "pepper_key_id": hashed.kid,
        "nonce": hashed.nonce,
        "ciphertext": hashed.ciphertext,
    }


def get_pin(tx: Transaction, tenant_id: str, user_id: str) -> KeptPin | None:
    """A person's PIN row."""
    row = tx.execute(sa.select(pins).where(pins.c.tenant_id == tenant_id, pins.c.user_id == user_id)).first()
    return None if row is None else read_pin(row)


def read_pin(row: Any) -> KeptPin:  # noqa: ANN401 - a row of `pins`
    """The PIN in a row."""
    hashed = HashedPin(
        memory_kib=row.memory_kib,
        iterations=row.iterations,
        parallelism=row.parallelism,
        salt=row.salt,
        kid=row.pepper_key_id,
        nonce=row.nonce,
        ciphertext=row.ciphertext,
    )
    return KeptPin(row.id, row.version, hashed, row.expires_at)


@dataclass(frozen=True)
class Step:
    """Where a code stands after a charge: failures in a row, and the wait that this one would start."""

    failures: int
    locked_until: datetime | None


def charge(  # noqa: PLR0913 - the parameters of the design's statements
    tx: Transaction, tenant_id: str, pin: KeptPin, *, qr_code_id: str, proof_id: str, rules: LockoutRules, now: datetime
) -> Step | None:
    """Charge one guess to every budget. None: some budget is used up; the caller rolls back and does not hash."""
    life = _charge_life(tx, tenant_id, pin, rules)
    if life is None:
        return None
    step = _charge_step(tx, tenant_id, pin.id, qr_code_id, rules, now)
    if step is None or not _charge_day(tx, tenant_id, pin.id, qr_code_id, proof_id, rules, now):
        return None
    foretell_wait(tx, tenant_id, pin, qr_code_id, step, life=life, now=now)
    return step


def foretell_wait(  # noqa: PLR0913 - what the journal says of it
    tx: Transaction, tenant_id: str, pin: KeptPin, qr_code_id: str, step: Step, *, life: int, now: datetime
) -> None:
    """A wait is in the journal before its guess is checked, so that a restore gives back fewer guesses than a step."""
    if step.locked_until is not None:
        kind, until = RevocationKind.STEP, step.locked_until
        foretell(tx, Revocation(kind, tenant_id, pin.id, now, qr_code_id, pin.version, step.failures, life, until))


def _charge_life(tx: Transaction, tenant_id: str, pin: KeptPin, rules: LockoutRules) -> int | None:
    # first, because it takes the row lock under which the other budgets are counted exactly
    charged = tx.execute(
        sa.update(pins)
        .where(pins.c.tenant_id == tenant_id, pins.c.id == pin.id, pins.c.version == pin.version)
        .where(pins.c.disabled_at.is_(None), pins.c.life_failures < rules.pin_life)
        .values(life_failures=pins.c.life_failures + 1)
        .returning(pins.c.life_failures)
    )
    return charged.scalar_one_or_none()


def _charge_step(
    tx: Transaction, tenant_id: str, pin_id: str, qr_code_id: str, rules: LockoutRules, now: datetime
) -> Step | None:
    lock = pin_locks.c
    tx.execute(
        upsert(tx, pin_locks)
        .values(tenant_id=tenant_id, pin_id=pin_id, qr_code_id=qr_code_id, failures=0, locked_until=NEVER_LOCKED)
        .on_conflict_do_nothing()
    )
    mine = sa.and_(lock.tenant_id == tenant_id, lock.pin_id == pin_id, lock.qr_code_id == qr_code_id)
    failures = tx.execute(
        sa.update(pin_locks)
        .where(mine, lock.locked_until <= now)
        .values(failures=lock.failures + 1)
        .returning(lock.failures)
    ).scalar_one_or_none()
    if failures is None:
        return None
    wait = rules.wait_after(failures)
    if wait is None:
        return Step(failures, None)
    tx.execute(sa.update(pin_locks).where(mine).values(locked_until=now + wait))
    return Step(failures, now + wait)


def _charge_day(  # noqa: PLR0913 - the parameters of the design's statement
    tx: Transaction, tenant_id: str, pin_id: str, qr_code_id: str, proof_id: str, rules: LockoutRules, now: datetime
) -> bool:
    charged = pin_charges.c
    open_charges = (
        sa.select(sa.func.count())
        .select_from(pin_charges)
        .where(charged.tenant_id == tenant_id, charged.pin_id == pin_id)
        .where(charged.charged_at > now - DAY, charged.cleared_at.is_(None))
    )
    of_code = open_charges.where(charged.qr_code_id == qr_code_id)
    values = {
        "tenant_id": tenant_id,
        "id": str(uuid4()),
        "pin_id": pin_id,
        "qr_code_id": qr_code_id,
        "proof_id": proof_id,
        "charged_at": now,
    }
    row = sa.select(*(sa.literal(value, pin_charges.c[name].type) for name, value in values.items())).where(
        open_charges.scalar_subquery() < rules.pin_day, of_code.scalar_subquery() < rules.badge_day
    )
    return tx.execute(sa.insert(pin_charges).from_select(list(values), row)).rowcount == 1


def refund(tx: Transaction, tenant_id: str, pin_id: str, *, qr_code_id: str, proof_id: str, now: datetime) -> None:
    """A right PIN gives back what was charged under the same proof, and ends the run of failures of its code."""
    charged = pin_charges.c
    cleared = tx.execute(
        sa.update(pin_charges)
        .where(charged.tenant_id == tenant_id, charged.proof_id == proof_id, charged.cleared_at.is_(None))
        .values(cleared_at=now)
    ).rowcount
    tx.execute(
        sa.update(pins)
        .where(pins.c.tenant_id == tenant_id, pins.c.id == pin_id)
        .values(life_failures=pins.c.life_failures - cleared)
    )
    lock = pin_locks.c
    tx.execute(
        sa.update(pin_locks)
        .where(lock.tenant_id == tenant_id, lock.pin_id == pin_id, lock.qr_code_id == qr_code_id)
        .values(failures=0, locked_until=NEVER_LOCKED)
    )


def disable_if_spent(tx: Transaction, tenant_id: str, pin_id: str, rules: LockoutRules, now: datetime) -> bool:
    """Disable a PIN whose lifetime budget is used up. Returns whether this call did it."""
    disabled = tx.execute(
        sa.update(pins)
        .where(pins.c.tenant_id == tenant_id, pins.c.id == pin_id, pins.c.disabled_at.is_(None))
        .where(pins.c.life_failures >= rules.pin_life)
        .values(disabled_at=now)
        .returning(pins.c.version)
    ).scalar_one_or_none()
    if disabled is None:
        return False
    foretell(tx, Revocation(RevocationKind.PIN_SPENT, tenant_id, pin_id, now, version=disabled, life=rules.pin_life))
    return True


def is_disabled(tx: Transaction, tenant_id: str, pin_id: str) -> bool:
    """Whether the lifetime budget of a PIN is used up."""
    statement = sa.select(pins.c.disabled_at).where(pins.c.tenant_id == tenant_id, pins.c.id == pin_id)
    return tx.execute(statement).scalar_one_or_none() is not None


def clear_failures(tx: Transaction, tenant_id: str, pin_id: str, now: datetime) -> None:
    """An administrator's reset clears the day's ledger and the waits."""
    charged = pin_charges.c
    tx.execute(
        sa.update(pin_charges)
        .where(charged.tenant_id == tenant_id, charged.pin_id == pin_id, charged.cleared_at.is_(None))
        .values(cleared_at=now)
    )
    tx.execute(sa.delete(pin_locks).where(pin_locks.c.tenant_id == tenant_id, pin_locks.c.pin_id == pin_id))
