"""Token buckets in this node's memory: they protect its capacity, never a PIN (security design 8)."""

import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass

_REMEMBERED = 10_000


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class RateLimit:
    """So many a second for each network, with a burst; the one longest unused is forgotten first."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allows(self, ip_address: str) -> bool:
        """Take one token of the address's network, if there is one."""
        now, network = time.monotonic(), network_of(ip_address)
        bucket = self._buckets.pop(network, None) or _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_second)
        bucket.filled_at = now
        self._buckets[network] = bucket
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def network_of(ip_address: str) -> str:
    """The /24 or /56 an address is in; what is not an address stands for itself."""
    try:
        address = ipaddress.ip_address(ip_address)
    except ValueError:
        return ip_address
    prefix = 24 if address.version == 4 else 56  # noqa: PLR2004 - IPv4
    return str(ipaddress.ip_network((address, prefix), strict=False))
