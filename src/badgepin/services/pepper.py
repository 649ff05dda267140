"""Moving PINs under the newest pepper (security design 3.4): no person notices, no PIN is needed."""

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import PinRow, under_pepper
from badgepin.store import health
from badgepin.store import pepper as store
from badgepin.store.transaction import Transaction

_BATCH = 500


def move_batch(tx: Transaction, ring: KeyRing) -> int:
    """Move some PINs of any tenant; returns how many, 0 when all are done. Raises `PepperMissing`."""
    found = store.list_not_under(tx, ring.peppers[0].kid, _BATCH)
    for pin in found:
        row = PinRow(pin.user_id, pin.pin_id, pin.version)
        store.move(tx, pin, under_pepper(pin.hashed, row, ring=ring))
    return len(found)


def count_to_move(tx: Transaction, ring: KeyRing) -> int:
    """How many PINs are under another pepper than the one in use."""
    return store.count_not_under(tx, ring.peppers[0].kid)


def is_needed(tx: Transaction, kid: str) -> str | None:
    """What still needs a pepper or row MAC, as a sentence that says what to do; None: nothing that is kept does."""
    if store.is_any_under(tx, kid):
        return "PINs are kept under it. Run `badgepin keys re-encrypt`."
    if kid in health.used_row_mac_ids(tx, every_key=True):
        return "badges are sealed with it, and go with them."
    return None
