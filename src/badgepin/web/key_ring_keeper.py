"""The watch over the key ring's file: what an operator writes into it, a running node takes up within seconds."""

import asyncio
import logging

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.key_ring_file import FileStamp, KeyRingRefused, load_key_ring, stamp
from badgepin.crypto.keys_in_use import POLL
from badgepin.services.health import check_keys
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)


async def run_key_ring_keeper(installation: Installation) -> None:
    """Look every two seconds, until cancelled."""
    keeper = KeyRingKeeper(installation)
    while True:
        await keeper.beat()
        await asyncio.sleep(POLL.total_seconds())


class KeyRingKeeper:
    """Takes a ring up when its file has changed and it is whole and opens what is kept; else the old one stays."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._files = (installation.settings.key_ring_path, installation.settings.kek_path)
        self._taken: FileStamp | None = None

    async def beat(self) -> None:
        """Look once; a ring that was refused is tried again, for what is wrong may be elsewhere."""
        held, found = self._installation.held, await asyncio.to_thread(stamp, *self._files)
        if found == self._taken:
            return
        try:
            ring = await asyncio.to_thread(load_key_ring, *self._files)
            trouble = await self._judge(ring)
        except KeyRingRefused as error:
            trouble = str(error)
        except StoreUnavailable:
            # nothing can be granted meanwhile
            return
        if trouble is not None:
            if trouble != held.trouble:
                log.error("The keys in use stay: %s", trouble)
        else:
            self._taken = found
            if ring != held.taken:
                held.take(ring, self._installation.clock())
                log.warning("A changed key ring was taken up.")
        held.trouble = trouble

    async def _judge(self, ring: KeyRing) -> str | None:
        return await self._installation.database.read(lambda tx: check_keys(tx, ring))
