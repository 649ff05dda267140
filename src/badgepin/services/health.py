"""Whether a node may start, and whether it can work."""

from datetime import datetime, timedelta

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import PinRow, is_pepper_right
from badgepin.store import beat as beats
from badgepin.store import health
from badgepin.store.transaction import Transaction

_MOST_DRIFT = timedelta(seconds=2)


def beat(tx: Transaction) -> datetime | None:
    """Write something durable; the database server's clock, None where the database is a file."""
    return beats.beat(tx)


def check_start(tx: Transaction, ring: KeyRing, now: datetime, *, high_availability: bool) -> str | None:
    """Why this node must not serve this database, as a sentence that says what to do; None when it may."""
    return (
        check_schema(tx)
        or check_keys(tx, ring)
        or unsafe_setting(tx, high_availability=high_availability)
        or check_clock(tx, now)
    )


def check_schema(tx: Transaction) -> str | None:
    """Whether this program can serve the database's schema: its own, or a newer one that takes nothing from it."""
    newest, current = health.newest_revision(), health.current_revision(tx)
    if current is None:
        return "The database is empty: run `badgepin init`, or `badgepin db upgrade`."
    if current == newest or health.is_served(tx):
        return None
    if health.is_known(current):
        return f"The database is at schema {current} and this version needs {newest}: run `badgepin db upgrade`."
    return too_new(current)


def too_new(schema: str) -> str:
    """What to do about a schema that a newer version made and this one cannot serve."""
    return (
        f"The database is at schema {schema}, which a newer version made and this one cannot serve: start that "
        "version, or restore the backup that was made before its migration (docs/upgrading.md)."
    )


def check_keys(tx: Transaction, ring: KeyRing, *, thorough: bool = False) -> str | None:
    """Whether the ring holds the keys that rows were made with.

    A kept PIN is the canary; `thorough` tries one of each key.
    """
    for user_id, pin_id, version, hashed in health.sample_pins(tx, every_pepper=thorough):
        pepper = ring.pepper(hashed.kid)
        if pepper is None:
            return f"The key ring lacks the pepper {hashed.kid} that PINs were hashed under: restore the key ring."
        if not is_pepper_right(hashed, PinRow(user_id, pin_id, version), pepper):
            return f"The key ring's pepper {hashed.kid} does not open the PINs kept: restore the key ring."
    missing = health.used_row_mac_ids(tx, every_key=thorough) - {key.kid for key in ring.row_macs}
    if missing:
        return f"The key ring lacks the key {min(missing)} that codes were sealed with: restore the key ring."
    return None


def check_clock(tx: Transaction, now: datetime) -> str | None:
    """Whether this host's clock agrees with the database's to 2 seconds; with a file there is only one clock."""
    theirs = health.clock(tx)
    if theirs is not None and abs(theirs - now) > _MOST_DRIFT:
        seconds = abs(theirs - now).total_seconds()
        return (
            f"This host's clock and the database's differ by {seconds:.0f} seconds: synchronise them, then start again."
        )
    return None


def database_clock(tx: Transaction) -> datetime | None:
    """The database's clock; None where the database is a file, whose clock is the host's."""
    return health.clock(tx)


def unsafe_setting(tx: Transaction, *, high_availability: bool) -> str | None:
    """A setting of the database with which a crash or failover can lose what was acknowledged, as a sentence."""
    return health.unsafe_setting(tx, high_availability=high_availability)
