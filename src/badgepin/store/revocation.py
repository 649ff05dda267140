"""Writing a revocation down outside of the database, before the statement that makes it (security design 5.4)."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.util import await_only

from badgepin.domain.revocation import Journal, Revocation
from badgepin.store.transaction import REVOCATIONS, StoreUnavailable, Transaction

log = logging.getLogger(__name__)
# threads of their own: others wait for hosts outside; a few, because those that wait share one write
_WRITERS = ThreadPoolExecutor(4, thread_name_prefix="revocations")


def foretell(tx: Transaction, *revocations: Revocation) -> None:
    """Have these on the disk before going on; without a journal (tests, migrations) nothing is written.

    Raises `StoreUnavailable` when that cannot be: what cannot be written down must not happen.
    """
    journal: Journal | None = tx.get_execution_options().get(REVOCATIONS)
    if journal is None or not revocations:
        return
    try:
        if tx.dialect.is_async:
            # a service over asyncpg runs on the event loop, which must not wait for a disk
            await_only(asyncio.get_running_loop().run_in_executor(_WRITERS, journal.append, revocations))
        else:
            journal.append(revocations)
    except OSError as error:
        log.error("The revocation journal cannot be written (%s): nothing was revoked.", error.strerror or error)  # noqa: TRY400 - the traceback says nothing more
        raise StoreUnavailable from error
