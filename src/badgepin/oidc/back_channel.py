"""The courier that tells applications when sessions end, as long as the node runs."""

import asyncio
import logging

from badgepin.domain.session import Due
from badgepin.services import logout as services
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation
from badgepin.web.outbound import NotDelivered, post_form

log = logging.getLogger(__name__)
_EVERY = 2.0


async def run_courier(installation: Installation) -> None:
    """Deliver what is due, again and again, until cancelled. A database that is away is waited for."""
    while True:
        try:
            await deliver_due(installation)
        except StoreUnavailable:
            log.warning("Back-channel logout waits for the database.")
        await asyncio.sleep(_EVERY)


async def deliver_due(installation: Installation) -> int:
    """Deliver what is due now. Returns how many applications were told."""
    now, reading = installation.clock(), installation.session_reading
    due = await installation.database.write(lambda tx: services.take_due(tx, reading, now))
    told = await asyncio.gather(*(_deliver(installation, each) for each in due))
    return sum(told)


async def _deliver(installation: Installation, due: Due) -> bool:
    settings, now = installation.settings, installation.clock()
    issuer = f"{settings.base_url}/{due.tenant_id}/v2.0"
    token = installation.signer.sign(services.logout_claims(issuer, due, now), typ=services.TYPE)
    try:
        await asyncio.to_thread(post_form, due.uri, {"logout_token": token}, settings.backchannel_private_hosts)
    except NotDelivered as error:
        installation.metrics.note_delivery(told=False)
        log.warning("Application %s was not told of a sign-out, attempt %s: %s", due.client_id, due.attempts + 1, error)
        return False
    installation.metrics.note_delivery(told=True)
    await installation.database.write(lambda tx: services.note_told(tx, due, now))
    return True
