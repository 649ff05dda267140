"""The probe behind `/readyz`: a durable write every five seconds, for as long as the node runs."""

import asyncio
import logging
import time

from badgepin.services.health import beat, check_schema
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
        readiness.schema_refusal = await installation.database.read(check_schema)
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
        problem = readiness.judge()
        if (problem is None) != was_ready and not readiness.is_stopping:
            log.warning("This node is ready again." if problem is None else f"This node is not ready: {problem.reason}")
        was_ready = problem is None
        await asyncio.sleep(EVERY)
