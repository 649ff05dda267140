"""Opening an installation: settings become database, keys, hasher and tokens. Commands need no door for that."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from badgepin.crypto.key_ring import journal_keys
from badgepin.crypto.key_ring_file import load_key_ring
from badgepin.crypto.keys_in_use import KeysInUse
from badgepin.crypto.pin_hash import Cost, PinHasher
from badgepin.crypto.revocation_journal import RevocationJournal
from badgepin.settings import Settings
from badgepin.store.transaction import open_database
from badgepin.web.installation import Installation
from badgepin.web.node_clock import NodeClock
from badgepin.web.refusal_log import RefusalLog

DEMO_MARKER = "DEMO.txt"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class StartRefused(Exception):
    """This installation must not be served; the sentence says what to do."""


def open_installation(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Installation:
    """Open everything a node runs on; without `clock` it gets the one that follows the database's.

    Raises `StartRefused`, `KeyRingRefused` or `SQLiteRefused`.
    """
    if (Path(settings.data) / DEMO_MARKER).exists() and settings.host not in LOOPBACK:
        raise StartRefused(
            f"{settings.data} holds a demo with known tokens and is served on loopback only: "
            "use --host 127.0.0.1, or `badgepin init` a folder of your own."
        )
    now, held = clock or NodeClock(), KeysInUse(load_key_ring(settings.key_ring_path, settings.kek_path))
    journal = RevocationJournal(
        settings.journal_path, lambda: journal_keys(held.at(now())), identity=settings.journal_identity_path
    )
    cost = Cost(memory_kib=settings.hash_memory_kib)
    installation = Installation(
        settings=settings,
        database=open_database(
            settings.database,
            pool_size=settings.database_pool_size,
            sqlite_journal=settings.sqlite_journal,
            revocations=journal,
        ),
        held=held,
        hasher=PinHasher(workers=settings.hash_workers, cost=cost, keys=lambda: held.at(now())),
        clock=now,
        refusals=RefusalLog(Path(settings.data)),
        journal=journal,
    )
    installation.hasher.note_wait = installation.metrics.note_hash_wait
    return installation


async def close_installation(installation: Installation) -> None:
    """Let running hashes finish and give back every connection."""
    installation.hasher.close()
    installation.refusals.close()
    await installation.database.close()
