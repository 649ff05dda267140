"""Forgetting what has been over for long enough: rows that decide nothing any more."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from badgepin.store.application_tables import used_assertions
from badgepin.store.badge_batch import forget
from badgepin.store.desk_tables import desk_invitations, desk_sessions
from badgepin.store.people_import import forget_old_changes
from badgepin.store.sign_in_tables import proofs, sessions, used_nonces
from badgepin.store.tables import pin_charges
from badgepin.store.transaction import Transaction

# long enough to answer questions about yesterday, and for the last application to have been told
_KEPT = timedelta(days=7)
_AT_ONCE = 1000


def purge(tx: Transaction, now: datetime) -> int:
    """Forget a portion of what ended a week ago; grants, codes and refresh tokens go with their session."""
    before = now - _KEPT
    ended = (
        (proofs, proofs.c.id, proofs.c.expires_at),
        (sessions, sessions.c.id, sessions.c.expires_at),
        (desk_sessions, desk_sessions.c.id, desk_sessions.c.expires_at),
        (desk_invitations, desk_invitations.c.id, desk_invitations.c.expires_at),
        (used_nonces, used_nonces.c.digest, used_nonces.c.expires_at),
        (used_assertions, used_assertions.c.jti_digest, used_assertions.c.expires_at),
        (pin_charges, pin_charges.c.id, pin_charges.c.charged_at),
    )
    gone = 0
    for table, key, moment in ended:
        portion = sa.select(table.c.tenant_id, key).where(moment < before).limit(_AT_ONCE)
        gone += tx.execute(sa.delete(table).where(sa.tuple_(table.c.tenant_id, key).in_(portion))).rowcount
    return gone + forget_old_changes(tx, now) + forget(tx, now)
