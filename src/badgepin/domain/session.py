"""How long a session on a shared device lives: never past the code that opened it.

signed in ──idle too long, or over, or signed out, or the code, PIN or person ended──▶ ended
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.domain.qr_code import CodeKind

# writing "seen" for every request would make reading a write; a minute is exact enough for a quarter of an hour
SEEN_STEP = timedelta(seconds=60)


@dataclass(frozen=True)
class SessionRules:
    """Idle and overall time."""

    idle: timedelta = timedelta(minutes=15)
    overall: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class Session:
    """A person signed in at a browser, and the code that opened it."""

    id: str
    user_id: str
    user_principal_name: str
    display_name: str
    qr_code_id: str
    code_kind: CodeKind
    code_expire_at: datetime
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    token_generation: int

    @property
    def ends_at(self) -> datetime:
        """When it ends at the latest."""
        return min(self.expires_at, self.code_expire_at)

    def is_idle(self, rules: SessionRules, now: datetime) -> bool:
        """Whether nobody used it for too long."""
        return now >= self.last_seen_at + rules.idle


@dataclass(frozen=True)
class Due:
    """An application that is to be told that a session has ended, and where; `attempts` were made before."""

    tenant_id: str
    session_id: str
    user_id: str
    application_id: str
    client_id: str
    uri: str
    attempts: int


def session_end(code_expire_at: datetime, rules: SessionRules, now: datetime) -> datetime:
    """When a session that starts now ends at the latest."""
    return min(now + rules.overall, code_expire_at)
