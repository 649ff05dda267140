"""Posting to an address that somebody registered: https only, never into private networks, no redirects, 3 s.

The name is resolved once and the connection goes to that very address, so that an answer cannot change in between.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit

_PATIENCE = 3.0
_OK = range(200, 300)


class NotDelivered(Exception):
    """The address may not be reached, or did not take it; the sentence is for the log."""


def post_form(uri: str, form: Mapping[str, str], private_hosts: Collection[str] = ()) -> None:
    """POST a form. Raises `NotDelivered`. Blocks: callers run it off the event loop."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    is_listed = host in private_hosts or f"{host}:{port}" in private_hosts
    if parts.scheme != "https" and not is_listed:
        raise NotDelivered(f"{uri} is not https.")
    address = _resolve(host, port, is_listed=is_listed)
    connection = _Pinned(host, port, address, secure=parts.scheme == "https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    try:
        connection.request("POST", path, urlencode(form), headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"{host} did not answer ({error}).") from error
    finally:
        connection.close()
    if status not in _OK:
        raise NotDelivered(f"{host} answered {status}.")


def _resolve(host: str, port: int, *, is_listed: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"{host} cannot be resolved.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not is_listed and not all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses):
        raise NotDelivered(f"{host} is in a private network: list it in backchannel_private_hosts to allow it.")
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name it was looked up by."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=_PATIENCE)
        self._address = address
        self._context = ssl.create_default_context() if secure else None

    def connect(self) -> None:
        """Connect to the address, and prove the name by TLS."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host) if self._context else plain
