"""The probe behind `/readyz`: a durable write every five seconds, for as long as the node runs."""

import asyncio
import logging
import time

from badgepin.services.health import beat
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation
from badgepin.web.node_clock import NodeClock

log = logging.getLogger(__name__)

EVERY = 5.0


async def probe(installation: Installation) -> None:
    """Write once, and note how it went."""
    readiness, began = installation.readiness, time.perf_counter()
    try:
        theirs = await installation.database.write(beat)
    except StoreUnavailable:
        readiness.note_failure()
        return
    clock = installation.clock
    # the host's own, which does not count any more: an operator wants to know that it is wrong
    ours = clock.host() if isinstance(clock, NodeClock) else clock()
    drift = None if theirs is None else (theirs - ours).total_seconds()
    readiness.note_write(time.perf_counter() - began, drift)


async def run_probe(installation: Installation) -> None:
    """Write every 5 seconds, for as long as the node runs."""
    readiness, was_ready = installation.readiness, True
    while True:
        try:
            await probe(installation)
        except Exception:
            # whatever it is, the node lives on and says so
            readiness.note_failure()
            log.exception("The probe of the database failed.")
        is_ready = readiness.judge() is None
        if is_ready != was_ready and not readiness.is_stopping:
            log.warning(
                "This node is ready again." if is_ready else "This node is not ready: the database takes no write."
            )
        was_ready = is_ready
        await asyncio.sleep(EVERY)
