"""Assertions that were used: each counts once (security design, ASVS 9)."""

from datetime import datetime

import sqlalchemy as sa

from badgepin.store.application_tables import used_assertions
from badgepin.store.columns import from_microseconds
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert


def use(
    tx: Transaction, tenant_id: str, application_id: str, jti_digest: bytes, *, expires: float, now: datetime
) -> bool:
    """Use an assertion up; False when it was used before. `expires`: seconds since 1970 after which it is void."""
    used = used_assertions.c
    tx.execute(sa.delete(used_assertions).where(used.tenant_id == tenant_id, used.expires_at < now))
    values = {
        "tenant_id": tenant_id,
        "application_id": application_id,
        "jti_digest": jti_digest,
        "expires_at": from_microseconds(int(expires * 1_000_000)),
    }
    return tx.execute(upsert(tx, used_assertions).values(values).on_conflict_do_nothing()).rowcount == 1
