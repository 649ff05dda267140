"""The keeper of the audit log, as long as the node runs: places in the chain, checkpoints, anchors, retention."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.services import audit_chain as services
from badgepin.services.audit_chain import PORTION, PurgeCall
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.audit_anchors import Anchors
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)
_EVERY = 1.0
# in beats of that length
_LOOK_FOR_CHECKPOINTS = 5
_RETENTION_EVERY = timedelta(hours=1)


async def run_keeper(installation: Installation) -> None:
    """Keep the log, again and again, until cancelled; whatever is wrong with its tables, the node lives on."""
    keeper = AuditKeeper(installation)
    trouble = ""
    while True:
        try:
            await keeper.beat()
            trouble = ""
        except StoreUnavailable:
            installation.metrics.note_keeper_failure()
            trouble = _once(trouble, "The audit log's keeper waits for the database.")
        except Exception as error:  # noqa: BLE001 - tables that somebody tampered with can fail in any way
            installation.metrics.note_keeper_failure()
            what = f"The audit log cannot be chained ({type(error).__name__}): run `badgepin audit verify`."
            trouble = _once(trouble, what)
        await asyncio.sleep(_EVERY)


class AuditKeeper:
    """What this node does for the log; several nodes take turns."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        self._installation = installation
        self._anchors = Anchors(Path(settings.data), settings.audit_anchors)
        self._beats = 0
        self._purged_at: datetime | None = None

    @property
    def _key(self) -> CheckpointKey:
        return CheckpointKey(self._installation.keys)

    async def beat(self) -> None:
        """One second's work."""
        chained = await self.chain()
        if chained >= PORTION or self._beats % _LOOK_FOR_CHECKPOINTS == 0:
            await self.sign()
            await self.purge()
        self._beats += 1

    async def chain(self) -> int:
        """Give every waiting event its place. On SQLite none ever waits."""
        database, chained = self._installation.database, 0
        if database.dialect != "postgresql":
            return 0
        while await database.read(services.is_anything_waiting):
            portion = await database.write(services.chain_portion)
            chained += portion
            if portion < PORTION:
                break
        return chained

    async def sign(self) -> None:
        """Sign what is due, and push the newest checkpoints to wherever they have not arrived."""
        database, now = self._installation.database, self._installation.clock()
        if await database.read(lambda tx: services.is_checkpoint_due(tx, now)):
            for signed in await database.write(lambda tx: services.sign_due(tx, self._key, now)):
                if signed.count < 0:
                    log.error(
                        "The audit log of tenant %s has become shorter: run badgepin audit verify.", signed.tenant_id
                    )
        newest = await database.read(lambda tx: services.list_newest_tokens(tx, self._key))
        await asyncio.to_thread(self._anchors.push, newest)
        for number, is_failing in enumerate(self._anchors.failing):
            self._installation.metrics.note_anchor(number, is_failing=is_failing)

    async def purge(self) -> int:
        """Forget what is older than retention, once an hour. Returns how many events went."""
        days, now = self._installation.settings.audit_retention_days, self._installation.clock()
        if not days or (self._purged_at and now - self._purged_at < _RETENTION_EVERY):
            return 0
        database, gone = self._installation.database, 0
        for tenant_id in await database.read(services.list_tenant_ids):
            call = PurgeCall(now, now - timedelta(days=days))
            is_more = True
            while is_more:
                work = partial(services.purge_portion, key=self._key, tenant_id=tenant_id, call=call)
                done = await database.write(work)
                call = replace(call, gone=call.gone + done.count)
                is_more = done.is_more
            gone += call.gone
        self._purged_at = now
        return gone


def _once(said: str, what: str) -> str:
    if said != what:
        log.warning(what)
    return what
