"""Where a request came from: the connection's other end, or what a listed proxy says about it.

Only the address is ever taken from a proxy's header. The host and the scheme are configured (`base_url`).
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

# nobody is behind more proxies; a longer list is somebody's invention
_MOST_HOPS = 32

Address = IPv4Address | IPv6Address


def client_address(scope: Mapping[str, Any], trusted_proxies: tuple[str, ...]) -> str:
    """The address of whoever asked, for the log and for limits; empty when the connection has none.

    `X-Forwarded-For` is read from its end, as long as a listed proxy vouches for the next entry: what a client wrote
    itself stands in front of that and is never reached.
    """
    peer = scope.get("client")
    host = str(peer[0]) if peer else ""
    address = _parse(host)
    if address is None:
        return host
    networks = _networks(trusted_proxies)
    if not networks or not _is_listed(address, networks):
        return str(address)
    for entry in reversed(_forwarded(scope)):
        earlier = _parse(entry)
        if earlier is None:
            break
        address = earlier
        if not _is_listed(address, networks):
            break
    return str(address)


def is_from_proxy(scope: Mapping[str, Any], trusted_proxies: tuple[str, ...]) -> bool:
    """Whether a listed proxy is the connection's other end."""
    peer = scope.get("client")
    address = _parse(str(peer[0])) if peer else None
    return address is not None and _is_listed(address, _networks(trusted_proxies))


def _forwarded(scope: Mapping[str, Any]) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    return ",".join(lines).split(",")[-_MOST_HOPS:]


def _parse(text: str) -> Address | None:
    """An address with or without a port (some proxies add one); IPv4 inside IPv6 is IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_listed(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=4)
def _networks(trusted_proxies: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(proxy, strict=False) for proxy in trusted_proxies)
