"""Looking after batches as long as the node runs: those whose node is gone, and those that nobody collected."""

import asyncio
import logging
from functools import partial

from badgepin.services import batch_delivery as services
from badgepin.services.own_acts import own_call
from badgepin.store import badge_batch as store
from badgepin.store.badge_batch import TenantsBatch
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)
_EVERY = 5.0


async def run_batch_keeper(installation: Installation) -> None:
    """Look again and again, until cancelled."""
    while True:
        try:
            await look_after_batches(installation)
        except StoreUnavailable:
            log.warning("Batches wait for the database.")
        await asyncio.sleep(_EVERY)


async def look_after_batches(installation: Installation) -> None:
    """End what is abandoned or overdue, and take back what was never handed out; several nodes may do it at once."""
    database, now = installation.database, installation.clock()
    for each in await database.read(lambda tx: store.list_abandoned(tx, now)):
        log.warning("Batch %s was abandoned by its node and is ended.", each.batch.id)
        await database.write(partial(services.end_abandoned, each=each, call=own_call(each.tenant_id, now)))
    for each in await database.read(lambda tx: store.list_overdue(tx, now)):
        await database.write(partial(services.end_overdue, each=each))
    for each in await database.read(store.list_unsettled):
        await settle(installation, each)


async def settle(installation: Installation, each: TenantsBatch) -> None:
    """Take back what a batch that ended made, a portion in each transaction."""
    call = own_call(each.tenant_id, installation.clock())
    while not await installation.database.write(partial(services.settle_portion, each=each, call=call)):
        pass
