"""Applications that are still to be told that a session has ended; the sessions' own rows are the list."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from badgepin.domain.session import Due
from badgepin.store.session import joined_sessions, lives
from badgepin.store.sign_in_tables import session_clients, sessions
from badgepin.store.tables import applications
from badgepin.store.transaction import Transaction


def list_due(tx: Transaction, *, now: datetime, ends_with_code: bool, most_attempts: int, limit: int) -> list[Due]:
    """Ended sessions whose applications were not told yet, those that may be tried now."""
    client, application = session_clients.c, applications.c
    joined = (
        joined_sessions()
        .join(session_clients, sa.and_(client.tenant_id == sessions.c.tenant_id, client.session_id == sessions.c.id))
        .join(
            applications,
            sa.and_(application.tenant_id == client.tenant_id, application.id == client.application_id),
        )
    )
    statement = (
        sa.select(
            client.tenant_id,
            client.session_id,
            sessions.c.user_id,
            client.application_id,
            application.client_id,
            application.backchannel_logout_uri,
            client.attempts,
        )
        .select_from(joined)
        .where(client.told_at.is_(None), client.next_attempt_at <= now, client.attempts < most_attempts)
        .where(application.backchannel_logout_uri.is_not(None))
        # a condition that is unknown, as without a PIN, is not life
        .where(sa.not_(sa.func.coalesce(lives(ends_with_code=ends_with_code), sa.false())))
        .order_by(client.next_attempt_at)
        .limit(limit)
    )
    return [Due(*row) for row in tx.execute(statement, {"at": now})]


def claim(tx: Transaction, due: Due, *, now: datetime, wait: timedelta) -> bool:
    """Take the next attempt; of several nodes exactly one gets it."""
    client = session_clients.c
    taken = tx.execute(
        sa.update(session_clients)
        .where(_is(due), client.told_at.is_(None), client.attempts == due.attempts)
        .values(attempts=due.attempts + 1, next_attempt_at=now + wait)
    )
    return taken.rowcount == 1


def note_told(tx: Transaction, due: Due, now: datetime) -> None:
    """The application knows."""
    tx.execute(sa.update(session_clients).where(_is(due)).values(told_at=now))


def _is(due: Due) -> sa.ColumnElement[bool]:
    client = session_clients.c
    return sa.and_(
        client.tenant_id == due.tenant_id,
        client.session_id == due.session_id,
        client.application_id == due.application_id,
    )
