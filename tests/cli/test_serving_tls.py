"""`badgepin serve` with a certificate: real clients, renewal while they work, and what refuses to start."""

import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.cli.hammering import Hammer, ask, certificate_of, hammering
from tests.cli.installation import badgepin, free_port, is_one_line, running
from tests.cli.trusting_browser import CHROMIUM, page, trust

NODE = (
    "https.get(process.argv[1], r => { console.log(r.statusCode); r.resume(); }).on('error', e => console.log(e.code))"
)


@dataclass(frozen=True)
class Served:
    """A server that speaks HTTPS with a trial's certificate."""

    data: Path
    port: int
    process: "subprocess.Popen[str]"

    @property
    def authority(self) -> Path:
        return self.data / "tls" / "authority.pem"

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def served_certificate(self) -> bytes:
        with Hammer(self.port, self.trusting()).connect() as connection:
            return certificate_of(connection)

    def listening(self) -> int:
        """How many sockets listen on the port (proc(5): state 0A is LISTEN)."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        return sum(row[1].endswith(f":{self.port:04X}") and row[3] == "0A" for row in rows)

    def renew(self) -> None:
        """New files, then the order to look at them at once; returns when new connections see them."""
        before = self.served_certificate()
        assert badgepin("certificates", "create", data=self.data).code == 0
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 90
        while self.served_certificate() == before:
            assert time.monotonic() < deadline, "the renewed certificate was not served"
            time.sleep(0.02)

    def renew_wholly(self) -> None:
        """As `renew`; returns when the older listener has stopped."""
        self.renew()
        deadline = time.monotonic() + 90
        while self.listening() != 1:
            assert time.monotonic() < deadline, "the older listener did not stop"
            time.sleep(0.02)


def _tls(data: Path) -> tuple[str, ...]:
    return ("--tls-certificate", str(data / "tls" / "server.pem"), "--tls-key", str(data / "tls" / "server.key"))


@contextmanager
def _serving(data: Path) -> Iterator[Served]:
    port = free_port()
    address = ("--port", str(port), "--base-url", f"https://localhost:{port}")
    with running("serve", "--data", str(data), *address, *_tls(data)) as process:
        assert process.stderr is not None
        said = ""
        while "serving" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        yield Served(data, port, process)


@pytest.fixture
def tls_data(data: Path) -> Path:
    """An installation with a trial's certificate."""
    assert badgepin("certificates", "create", data=data).code == 0
    return data


@pytest.fixture
def served(tls_data: Path) -> Iterator[Served]:
    with _serving(tls_data) as server:
        yield server


def test_python_and_node_accept_the_certificate_once_they_trust_the_authority_and_not_before(served: Served) -> None:
    url = f"{served.origin}/livez"
    assert httpx.get(url, verify=served.trusting()).status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url)
    assert _node(url, str(served.authority)) == "200"
    assert _node(url, "") == "UNABLE_TO_VERIFY_LEAF_SIGNATURE"


def _node(url: str, authority: str) -> str:
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": authority}
    command = ["node", "-e", NODE, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    return done.stdout.strip()


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed.")
def test_chromium_accepts_the_certificate_once_it_trusts_the_authority_and_not_before(
    served: Served, tmp_path: Path
) -> None:
    trusting, stranger = tmp_path / "trusting", tmp_path / "stranger"
    for home in (trusting, stranger):
        home.mkdir()
    trust(served.authority, trusting)
    assert "alive" in page(f"{served.origin}/livez", trusting)
    assert "alive" in page(f"https://127.0.0.1:{served.port}/livez", trusting)
    assert "alive" not in page(f"{served.origin}/livez", stranger)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(("version", "accepted"), [("TLSv1_3", True), ("TLSv1_2", True), ("TLSv1_1", False)])
def test_old_versions_of_tls_are_not_spoken(served: Served, version: str, accepted: bool) -> None:
    context = served.trusting()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        with Hammer(served.port, context).connect() as connection:
            assert connection.version() == version.replace("_", ".")
        spoken = True
    except ssl.SSLError:
        spoken = False
    assert spoken is accepted


def test_a_plain_request_to_the_https_port_gets_no_answer(served: Served) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://localhost:{served.port}/livez")


def test_two_renewals_under_load_lose_no_request(served: Served) -> None:
    hammer = Hammer(served.port, served.trusting())
    with hammering(hammer):
        for _ in range(2):
            served.renew_wholly()
    lost = len(hammer.fresh.lost + hammer.kept.lost)
    print(f"renewals 2, connections {hammer.fresh.sent}, requests on kept ones {hammer.kept.sent}, lost {lost}")  # noqa: T201
    assert (hammer.fresh.lost, hammer.kept.lost) == ([], [])
    assert len(hammer.fresh.certificates) == 3
    assert hammer.fresh.sent > 200
    assert hammer.kept.sent > 200


def test_a_restart_under_the_same_load_does_lose_requests(tls_data: Path) -> None:
    with _serving(tls_data) as served:
        hammer = Hammer(served.port, served.trusting())
        with hammering(hammer):
            time.sleep(0.5)
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(timeout=90) == 0
    assert hammer.fresh.lost


def test_a_request_that_is_under_way_while_the_certificate_is_renewed_is_answered(served: Served) -> None:
    with Hammer(served.port, served.trusting()).connect() as connection:
        body = b'{"requests": []}'
        head = f"POST /v1.0/$batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body[:4])
        served.renew_wholly()
        connection.sendall(body[4:])
        assert connection.recv(4096).startswith(b"HTTP/1.1 401")


def test_a_kept_connection_is_told_to_end_and_the_next_one_sees_the_new_certificate(served: Served) -> None:
    hammer = Hammer(served.port, served.trusting())
    with hammer.connect() as connection:
        assert ask(connection)
        before = certificate_of(connection)
        served.renew()
        deadline = time.monotonic() + 90
        while ask(connection):
            assert time.monotonic() < deadline, "the connection was not told to end"
    with hammer.connect() as connection:
        assert certificate_of(connection) != before


def test_an_http2_connection_is_told_to_end_and_loses_nothing(served: Served) -> None:
    script = str(Path(__file__).with_name("http2_hammer.mjs"))
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(served.authority)}
    with subprocess.Popen(
        ["/usr/bin/env", "node", script, served.origin, "9"], stdout=subprocess.PIPE, text=True, env=environment
    ) as client:
        time.sleep(1)
        served.renew()
        said, _ = client.communicate(timeout=90)
    sent, lost, sessions = (int(number) for number in re.findall(r"\d+", said))
    assert (lost, sessions) == (0, 2)
    assert sent > 100


def test_renewed_files_are_noticed_without_any_order(served: Served) -> None:
    before = served.served_certificate()
    assert badgepin("certificates", "create", data=served.data).code == 0
    deadline = time.monotonic() + 90
    while served.served_certificate() == before:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize("broken", ["another's key", "nothing", "no certificate"])
def test_files_that_do_not_fit_leave_the_certificate_in_use(served: Served, broken: str) -> None:
    before, folder = served.served_certificate(), served.data / "tls"
    whole = (folder / "server.key").read_bytes()
    if broken == "another's key":
        (folder / "server.key").write_bytes(_key(ec.SECP256R1()))
    elif broken == "nothing":
        (folder / "server.key").unlink()
    else:
        (folder / "server.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    served.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert served.served_certificate() == before
    (folder / "server.key").write_bytes(whole)
    served.renew()


def test_a_renewal_leaves_no_socket_and_no_thread_behind(served: Served) -> None:
    proc = Path(f"/proc/{served.process.pid}")

    def held() -> tuple[int, int]:
        return len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir()))

    served.renew_wholly()
    files, threads = held()
    served.renew_wholly()
    # a thread outlives its socket by a moment
    deadline = time.monotonic() + 90
    while held()[1] > threads and time.monotonic() < deadline:
        time.sleep(0.05)
    assert held() == (files, threads)


def test_the_server_stops_at_once_while_an_older_listener_still_drains(served: Served) -> None:
    served.renew()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=90) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", served.port), timeout=2)


def test_half_of_a_pair_is_refused(tls_data: Path) -> None:
    certificate = str(tls_data / "tls" / "server.pem")
    assert is_one_line(badgepin("serve", "--tls-certificate", certificate, data=tls_data), "tls_key")


def test_a_certificate_without_an_https_address_is_refused(tls_data: Path) -> None:
    assert is_one_line(badgepin("serve", *_tls(tls_data), data=tls_data), "base_url", "https://localhost:8080")


@pytest.mark.parametrize("kind", ["rsa:5120", "ec -pkeyopt ec_paramgen_curve:P-521", "version 1"])
def test_a_pair_on_which_the_server_would_abort_is_one_line(tls_data: Path, kind: str) -> None:
    _write_pair(tls_data / "tls", kind)
    outcome = badgepin("serve", "--base-url", "https://localhost", *_tls(tls_data), data=tls_data)
    assert is_one_line(outcome, "X.509 version 3", "2048 to 4096") or is_one_line(outcome, "must be ECDSA P-256")


def test_a_renewed_pair_on_which_the_server_would_abort_leaves_the_certificate_in_use(served: Served) -> None:
    before = served.served_certificate()
    _write_pair(served.data / "tls", "version 1")
    served.process.send_signal(signal.SIGHUP)
    time.sleep(2)
    assert served.process.poll() is None
    assert served.served_certificate() == before
    served.renew()


@pytest.mark.parametrize("kind", ["rsa:2048", "rsa:4096", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519"])
def test_certificates_of_every_usual_kind_are_served(tls_data: Path, kind: str) -> None:
    _write_pair(tls_data / "tls", kind)
    with _serving(tls_data) as served:
        assert httpx.get(f"{served.origin}/livez", verify=_unchecked()).status_code == 200


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _write_pair(folder: Path, kind: str) -> None:
    """What an operator makes with OpenSSL; a request that OpenSSL signs by itself is of version 1."""
    key, certificate, request = folder / "server.key", folder / "server.pem", folder / "request.pem"
    make = f"openssl req -newkey {'rsa:2048' if kind == 'version 1' else kind} -nodes -subj /CN=localhost -keyout {key}"
    if kind == "version 1":
        _run(f"{make} -out {request}")
        _run(f"openssl x509 -req -in {request} -signkey {key} -days 3 -out {certificate}")
    else:
        _run(f"{make} -x509 -days 3 -out {certificate}")


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)


def _key(curve: ec.EllipticCurve) -> bytes:
    return ec.generate_private_key(curve).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_key(ec.SECP256R1()), "is not the key of"),
        (b"nonsense", "no private key"),
        (None, "cannot be read"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(tls_data: Path, content: bytes | None, words: str) -> None:
    key = tls_data / "tls" / "server.key"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
    outcome = badgepin("serve", "--base-url", "https://localhost", *_tls(tls_data), data=tls_data)
    assert is_one_line(outcome, words, "badgepin certificates create")
