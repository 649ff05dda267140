"""Clients that never rest: each counts the requests it sent and those that were not answered."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Count:
    """What came of the requests of all clients of one kind."""

    sent: int = 0
    lost: list[str] = field(default_factory=list)
    certificates: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class Hammer:
    """Clients of one server that trust one authority."""

    port: int
    context: ssl.SSLContext
    fresh: Count = field(default_factory=Count)
    kept: Count = field(default_factory=Count)

    def connect(self) -> ssl.SSLSocket:
        """A new connection; the server's certificate is checked as a browser does it."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return self.context.wrap_socket(plain, server_hostname="localhost")


def certificate_of(connection: ssl.SSLSocket) -> bytes:
    """The server's certificate in DER."""
    return connection.getpeercert(binary_form=True) or b""


def ask(connection: ssl.SSLSocket) -> bool:
    """One request; says whether the connection stays open. Raises `ConnectionError` when there is no answer."""
    connection.sendall(_REQUEST)
    answer = b""
    while not answer.endswith(b'"}'):
        part = connection.recv(4096)
        if not part:
            raise ConnectionResetError(f"closed after {len(answer)} bytes")
        answer += part
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return b"connection: close" not in answer.lower()


@contextmanager
def hammering(hammer: Hammer) -> Iterator[None]:
    """Three clients that connect for each request, and three that keep their connection."""
    enough = threading.Event()
    kinds: list[tuple[Callable[[Hammer, threading.Event], None], int]] = [(_connect_anew, 3), (_keep, 3)]
    threads = [threading.Thread(target=kind, args=(hammer, enough)) for kind, number in kinds for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join(20)


def _connect_anew(hammer: Hammer, enough: threading.Event) -> None:
    count = hammer.fresh
    while not enough.is_set():
        count.sent += 1
        try:
            with hammer.connect() as connection:
                ask(connection)
                count.certificates.add(certificate_of(connection))
        except OSError as error:
            count.lost.append(repr(error))


def _keep(hammer: Hammer, enough: threading.Event) -> None:
    count = hammer.kept
    while not enough.is_set():
        count.sent += 1
        try:
            with hammer.connect() as connection:
                while ask(connection) and not enough.wait(0.01):
                    count.sent += 1
        except OSError as error:
            count.lost.append(repr(error))
