"""Whether a node may start, and whether it can work."""

from badgepin.store import health
from badgepin.store.transaction import Transaction


def is_alive(tx: Transaction) -> bool:
    """The database answers."""
    return health.answers(tx)


def check_start(tx: Transaction, pepper_ids: set[str]) -> str | None:
    """Why this node must not serve this database, as a sentence that says what to do; None when it may."""
    newest, current = health.newest_revision(), health.current_revision(tx)
    if current is None:
        return "The database is empty: run `badgepin init`, or `badgepin db upgrade`."
    if current != newest:
        return f"The database is at schema {current} and this version needs {newest}: run `badgepin db upgrade`."
    missing = health.used_pepper_ids(tx) - pepper_ids
    if missing:
        return f"The key ring lacks the pepper {min(missing)} that PINs were hashed under: restore the key ring."
    return health.unsafe_setting(tx)
