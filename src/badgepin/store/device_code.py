"""Devices that wait for somebody to sign them in from another browser (RFC 8628)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from badgepin.store.sign_in_tables import device_codes
from badgepin.store.transaction import Transaction

_kept = device_codes.c


@dataclass(frozen=True)
class DeviceCode:
    """A waiting device. `grant_id`: somebody approved it."""

    digest: bytes
    user_code: str
    application_id: str
    scopes: tuple[str, ...]
    expires_at: datetime
    next_poll_at: datetime
    interval_seconds: int
    grant_id: str | None = None
    denied_at: datetime | None = None
    used_at: datetime | None = None


def insert(tx: Transaction, tenant_id: str, code: DeviceCode) -> None:
    """Keep a new one; those whose time is over make room."""
    tx.execute(sa.delete(device_codes).where(_kept.tenant_id == tenant_id, _kept.expires_at <= code.next_poll_at))
    tx.execute(
        sa.insert(device_codes).values(
            tenant_id=tenant_id,
            digest=code.digest,
            user_code=code.user_code,
            application_id=code.application_id,
            scopes=" ".join(code.scopes),
            expires_at=code.expires_at,
            next_poll_at=code.next_poll_at,
            interval_seconds=code.interval_seconds,
        )
    )


def find(tx: Transaction, tenant_id: str, digest: bytes) -> DeviceCode | None:
    """By the device's own code; its row is held until the transaction ends."""
    statement = sa.select(device_codes).where(_kept.tenant_id == tenant_id, _kept.digest == digest)
    return _read(tx.execute(statement.with_for_update()).first())


def find_by_user_code(tx: Transaction, tenant_id: str, user_code: str) -> DeviceCode | None:
    """By the code that the person reads on the device; its row is held until the transaction ends."""
    statement = sa.select(device_codes).where(_kept.tenant_id == tenant_id, _kept.user_code == user_code)
    return _read(tx.execute(statement.with_for_update()).first())


def note_poll(tx: Transaction, tenant_id: str, digest: bytes, *, now: datetime, interval: int) -> None:
    """The device asked; it may ask again after so many seconds."""
    _change(tx, tenant_id, digest, interval_seconds=interval, next_poll_at=now + timedelta(seconds=interval))


def approve(tx: Transaction, tenant_id: str, digest: bytes, grant_id: str) -> None:
    """Somebody signed the device in."""
    _change(tx, tenant_id, digest, grant_id=grant_id)


def deny(tx: Transaction, tenant_id: str, digest: bytes, now: datetime) -> None:
    """Somebody said no."""
    _change(tx, tenant_id, digest, denied_at=now)


def use(tx: Transaction, tenant_id: str, digest: bytes, now: datetime) -> None:
    """The device has its tokens."""
    _change(tx, tenant_id, digest, used_at=now)


def _change(tx: Transaction, tenant_id: str, digest: bytes, **values: str | int | datetime) -> None:
    tx.execute(sa.update(device_codes).where(_kept.tenant_id == tenant_id, _kept.digest == digest).values(**values))


def _read(row: Any) -> DeviceCode | None:  # noqa: ANN401 - a row of the table
    if row is None:
        return None
    return DeviceCode(
        row.digest,
        row.user_code,
        row.application_id,
        tuple(row.scopes.split()),
        row.expires_at,
        row.next_poll_at,
        row.interval_seconds,
        row.grant_id,
        row.denied_at,
        row.used_at,
    )
