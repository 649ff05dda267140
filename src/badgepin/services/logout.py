"""Telling applications that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import datetime, timedelta

from badgepin.crypto.randomness import new_guid
from badgepin.domain.session import Due
from badgepin.services.session import SessionReading
from badgepin.services.token import Claims
from badgepin.store import logout as store
from badgepin.store.transaction import Transaction

TYPE = "logout+jwt"
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LIFE = timedelta(seconds=120)
_AT_ONCE = 20
_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)


def take_due(tx: Transaction, reading: SessionReading, now: datetime) -> list[Due]:
    """The deliveries that are this node's now; each is tried again later unless it is noted as told."""
    due = store.list_due(
        tx, now=now, ends_with_code=reading.ends_with_code, most_attempts=len(_WAITS) + 1, limit=_AT_ONCE
    )
    return [each for each in due if store.claim(tx, each, now=now, wait=_WAITS[min(each.attempts, len(_WAITS) - 1)])]


def note_told(tx: Transaction, due: Due, now: datetime) -> None:
    """The application answered that it knows."""
    store.note_told(tx, due, now)


def logout_claims(issuer: str, due: Due, now: datetime) -> Claims:
    """The claims of a logout token: which session of whom; never a nonce."""
    seconds = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": due.client_id,
        "iat": seconds,
        "exp": seconds + int(_LIFE.total_seconds()),
        "jti": new_guid(),
        "sub": due.user_id,
        "sid": due.session_id,
        "events": {_EVENT: {}},
    }
