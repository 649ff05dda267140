"""Making ends happen again in a database from the past, and ending what belonged to its time (security design 12.5).

Every statement here may run twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from badgepin.domain.qr_code import CodeKind, Lifetime
from badgepin.domain.revocation import Revocation
from badgepin.store.application_tables import application_keys, application_secrets
from badgepin.store.desk_tables import desk_invitations, desk_sessions, passkeys
from badgepin.store.pin import NEVER_LOCKED
from badgepin.store.qr_code_pin import KeptQRCode
from badgepin.store.sign_in_tables import authorization_codes, device_codes, grants, proofs, sessions
from badgepin.store.tables import applications, pin_locks, pins, qr_code_pin_methods, qr_codes, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

# further than tokens can have been ended between a backup and its restore
_GENERATIONS = 10_000


def end_what_was_open(tx: Transaction, now: datetime) -> Mapping[str, int]:
    """End every session, grant, proof and temporary code of every tenant, and every token issued before.

    Returns how many of each.
    """
    ended = tx.execute(sa.update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=now)).rowcount
    tx.execute(sa.update(grants).where(grants.c.revoked_at.is_(None)).values(revoked_at=now))
    for table in (proofs, authorization_codes, device_codes, desk_sessions, desk_invitations):
        tx.execute(sa.delete(table))
    live = sa.and_(qr_codes.c.kind == CodeKind.TEMPORARY.value, qr_codes.c.revoked_at.is_(None))
    temporary = tx.execute(sa.update(qr_codes).where(live).values(revoked_at=now)).rowcount
    for holders in (users, applications):
        tx.execute(sa.update(holders).values(token_generation=holders.c.token_generation + _GENERATIONS))
    return {"Sessions": ended, "TemporaryCodes": temporary}


def revoke_code(tx: Transaction, each: Revocation, now: datetime) -> int:
    """Revoke one code. Returns how many were live."""
    code = qr_codes.c
    found = sa.and_(code.tenant_id == each.tenant_id, code.id == each.subject, code.revoked_at.is_(None))
    return tx.execute(sa.update(qr_codes).where(found).values(revoked_at=now)).rowcount


def revoke_codes_of(tx: Transaction, each: Revocation, now: datetime) -> int:
    """Revoke the codes that a person had at the time. Returns how many were live."""
    code = qr_codes.c
    found = sa.and_(code.tenant_id == each.tenant_id, code.user_id == each.subject, code.revoked_at.is_(None))
    return tx.execute(sa.update(qr_codes).where(found, code.created_at <= each.at).values(revoked_at=now)).rowcount


def revoke_standard_codes_of(tx: Transaction, each: Revocation, now: datetime) -> int:
    """Revoke the standard codes that a person had at the time. Returns how many were live."""
    code = qr_codes.c
    found = sa.and_(code.tenant_id == each.tenant_id, code.user_id == each.subject, code.revoked_at.is_(None))
    standard = sa.and_(found, code.kind == CodeKind.STANDARD.value, code.created_at <= each.at)
    return tx.execute(sa.update(qr_codes).where(standard).values(revoked_at=now)).rowcount


def delete_method(tx: Transaction, each: Revocation, now: datetime) -> int:
    """End the method that a person had at the time. Returns how many of its codes were live."""
    revoked = revoke_codes_of(tx, each, now)
    for table in (pins, qr_code_pin_methods):
        row = table.c
        mine = sa.and_(row.tenant_id == each.tenant_id, row.user_id == each.subject, row.created_at <= each.at)
        tx.execute(sa.delete(table).where(mine))
    return revoked


def disable_older_pin(tx: Transaction, each: Revocation, now: datetime) -> int:
    """A PIN that was replaced since opens nothing; its new digits are not known, so it waits for a reset."""
    pin = pins.c
    older = sa.and_(pin.tenant_id == each.tenant_id, pin.id == each.subject, pin.version < each.version)
    return tx.execute(sa.update(pins).where(older).values(version=each.version, disabled_at=now)).rowcount


def disable_spent_pin(tx: Transaction, each: Revocation, now: datetime) -> int:
    """A PIN whose budget was used up stays so, unless it was given new digits since."""
    pin = pins.c
    same = sa.and_(pin.tenant_id == each.tenant_id, pin.id == each.subject, pin.version <= each.version)
    raised = sa.case((pin.life_failures > each.life, pin.life_failures), else_=each.life)
    spent = sa.update(pins).where(same, pin.disabled_at.is_(None)).values(disabled_at=now, life_failures=raised)
    return tx.execute(spent).rowcount


def raise_counts(tx: Transaction, each: Revocation) -> int:
    """Failures and waits become the larger of the database's and the journal's, for the same version of a PIN."""
    pin, until = pins.c, each.until or NEVER_LOCKED
    same = sa.and_(pin.tenant_id == each.tenant_id, pin.id == each.subject, pin.version == each.version)
    raised = sa.case((pin.life_failures > each.life, pin.life_failures), else_=each.life)
    if tx.execute(sa.update(pins).where(same).values(life_failures=raised)).rowcount == 0:
        return 0
    values = {"failures": each.failures, "locked_until": until}
    row = upsert(tx, pin_locks).values(tenant_id=each.tenant_id, pin_id=each.subject, qr_code_id=each.other, **values)
    keys = ["tenant_id", "pin_id", "qr_code_id"]
    tx.execute(row.on_conflict_do_update(index_elements=keys, set_=values, where=pin_locks.c.locked_until < until))
    return 1


def disable_user(tx: Transaction, each: Revocation) -> int:
    """A person who was disabled or deleted comes back disabled."""
    found = sa.and_(users.c.tenant_id == each.tenant_id, users.c.id == each.subject, users.c.account_enabled)
    return tx.execute(sa.update(users).where(found).values(account_enabled=False)).rowcount


def disable_application(tx: Transaction, each: Revocation) -> int:
    """An application that was disabled or deleted comes back disabled."""
    row = applications.c
    found = sa.and_(row.tenant_id == each.tenant_id, row.id == each.subject, row.account_enabled)
    return tx.execute(sa.update(applications).where(found).values(account_enabled=False)).rowcount


def delete_passkey(tx: Transaction, each: Revocation) -> int:
    """Remove a passkey."""
    row = passkeys.c
    return tx.execute(sa.delete(passkeys).where(row.tenant_id == each.tenant_id, row.id == each.subject)).rowcount


def delete_credential(tx: Transaction, each: Revocation) -> int:
    """Forget a secret or a certificate of an application."""
    gone = 0
    for table in (application_secrets, application_keys):
        mine = sa.and_(table.c.tenant_id == each.tenant_id, table.c.key_id == each.subject)
        gone += tx.execute(sa.delete(table).where(mine)).rowcount
    return gone


@dataclass(frozen=True)
class LongerCode:
    """A live code that ends later than it was told to; it needs a new MAC with its new end."""

    user_id: str
    kind: CodeKind
    kept: KeptQRCode
    lifetime: Lifetime


def find_longer(tx: Transaction, each: Revocation) -> LongerCode | None:
    """The code of this record, if it would live longer than that."""
    code = qr_codes.c
    live = sa.and_(code.tenant_id == each.tenant_id, code.id == each.subject, code.revoked_at.is_(None))
    row = tx.execute(sa.select(qr_codes).where(live, code.expire_at > each.until)).first()
    if row is None:
        return None
    kept = KeptQRCode(row.algorithm, row.public_key, row.activated_at, row.revision)
    return LongerCode(row.user_id, CodeKind(row.kind), kept, Lifetime(row.start_at, row.expire_at))


def shorten(tx: Transaction, each: Revocation, *, revision: int, mac: tuple[str, bytes]) -> int:
    """Move a code's end to where it was."""
    code = qr_codes.c
    row = sa.update(qr_codes).where(code.tenant_id == each.tenant_id, code.id == each.subject)
    values = {"expire_at": each.until, "revision": revision, "mac_key_id": mac[0], "row_mac": mac[1]}
    return tx.execute(row.values(**values)).rowcount
