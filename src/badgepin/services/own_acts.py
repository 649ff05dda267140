"""What the server does by itself: nobody asked for it, and nobody signs in as it."""

from datetime import datetime

from badgepin.crypto.randomness import new_guid
from badgepin.domain.caller import Call, Caller, Standing

BADGEPIN = Standing("00000000-0000-0000-0000-000000000000", "Badgepin")
"""Who the audit log names for it."""


def own_call(tenant_id: str, now: datetime) -> Call:
    """An act of the server's own, now."""
    return Call(Caller(tenant_id, BADGEPIN.id, None, frozenset(), 0), now, new_guid())
