"""Moving PINs under the newest pepper (security design 3.4): no person notices, no PIN is needed."""

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import PinRow, under_pepper
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
