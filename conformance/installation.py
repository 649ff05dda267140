"""An installation for the suite, made and served by Badgepin's own commands, as an operator would."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import OK
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.plans import PLANS, Plan, Registered, filled_in

PERSON = "noor@conformance.example"
PIN = "90417263"
_PATIENCE = 60.0

Command = Callable[..., str]


class NotReady(Exception):
    """A command or the server did not do what the suite needs; the sentence says which."""


@dataclass(frozen=True)
class Place:
    """Where the installation is, and how the suite and it reach each other."""

    data: Path
    origin: str
    suite: str

    @property
    def authority(self) -> Path:
        """The certificate that vouches for the server."""
        return self.data / "tls" / "authority.pem"


@dataclass(frozen=True)
class Prepared:
    """An installation with its people and clients, not yet served."""

    place: Place
    tenant: str
    badge: Path
    first_pin: str
    clients: dict[str, dict[str, Registered]]

    @property
    def discovery(self) -> str:
        """Where the issuer's metadata is."""
        return f"{self.place.origin}/{self.tenant}/v2.0/.well-known/openid-configuration"

    def write_configurations(self, folder: Path) -> list[tuple[Plan, Path]]:
        """Each plan with the file that the suite's runner takes; only the owner may read it."""
        written = []
        for plan in PLANS:
            path = folder / f"{plan.name}.json"
            path.touch(mode=0o600)
            filled = filled_in(plan, self.place.origin, self.tenant, self.clients[plan.name])
            path.write_text(json.dumps(filled, indent=2) + "\n", encoding="utf-8")
            written.append((plan, path))
        return written


def command(*arguments: str) -> str:
    """Run one `badgepin` command. Raises `NotReady` with its own sentence."""
    called = [sys.executable, "-m", "badgepin.cli.main", *arguments]
    done = subprocess.run(called, capture_output=True, text=True, check=False, env=_clean())
    if done.returncode != 0:
        raise NotReady(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def prepare(place: Place, run: Command = command) -> Prepared:
    """Make the installation, its certificate, a person with a badge, and the clients. Raises `NotReady`."""
    data = ("--data", str(place.data))
    address = ("--base-url", place.origin)
    made = json.loads(run("init", *data, "--domain", "conformance.example", *address, "--json"))
    run("certificates", "create", *data)
    run("users", "add", PERSON, "--name", "Noor", *data)
    issued = json.loads(run("codes", "issue", PERSON, *data, "--json"))
    badge = place.data / "badge.txt"
    badge.touch(mode=0o600)
    badge.write_text(issued["text"], encoding="utf-8")
    clients = {plan.name: {name: _register(place, plan, name, run) for name in plan.clients} for plan in PLANS}
    return Prepared(place, made["tenantId"], badge, issued["pin"], clients)


def _register(place: Place, plan: Plan, name: str, run: Command) -> Registered:
    """A client with the addresses that the suite answers at: its alias decides them."""
    data = ("--data", str(place.data))
    answering = f"{place.suite}/test/a/{plan.configuration()['alias']}"
    client_id = json.loads(run("clients", "add", f"Suite: {plan.name}, {name}", *data, "--json"))["clientId"]
    addresses = ["--web", f"{answering}/callback"]
    if plan.name.endswith("logout"):
        addresses += ["--web", f"{answering}/post_logout_redirect"]
    if plan.name == "back-channel-logout":
        addresses += ["--back-channel", f"{answering}/backchannel_logout"]
    run("clients", "redirects", client_id, *addresses, *data)
    secret = json.loads(run("clients", "secret", "add", client_id, "--days", "30", *data, "--json"))["secretText"]
    return Registered(client_id, secret)


@contextmanager
def serving(prepared: Prepared, host: str) -> Iterator[None]:
    """`badgepin serve` over HTTPS for as long as the block runs. Raises `NotReady` when it does not come up."""
    place = prepared.place
    port = urlsplit(place.origin).port or 443
    called = [sys.executable, "-m", "badgepin.cli.main", "serve", "--data", str(place.data), "--host", host]
    called += ["--port", str(port), "--tls-certificate", str(place.data / "tls" / "server.pem")]
    called += ["--tls-key", str(place.data / "tls" / "server.key")]
    environment = _clean() | _back_channel(place)
    with (place.data / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(called, stdout=log, stderr=log, env=environment)
    try:
        _wait(prepared, process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)


def _wait(prepared: Prepared, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if ask(prepared, prepared.discovery)[0] == OK:
                return
        except (OSError, NotReady):
            pass
        time.sleep(0.1)
    raise NotReady(f"The server did not come up: {prepared.place.data / 'server.log'} says why.")


def ask(prepared: Prepared, address: str, form: bytes | None = None, authorization: str = "") -> tuple[int, Any]:
    """The status and JSON that the server answers, over TLS that is checked. Raises `NotReady` for anything else."""
    context = ssl.create_default_context(cafile=str(prepared.place.authority))
    request = urllib.request.Request(address, form)
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        try:
            return error.code, json.load(error)
        except ValueError:
            raise NotReady(f"{address} answered {error.code} without JSON.") from error
    except ValueError as error:
        raise NotReady(f"{address} answered without JSON.") from error


def _back_channel(place: Place) -> dict[str, str]:
    """What lets the server tell a suite on this machine of a sign-out: its host, and its own certificate as trusted."""
    parts = urlsplit(place.suite)
    found = {"BADGEPIN_BACKCHANNEL_PRIVATE_HOSTS": f"{parts.hostname}:{parts.port or 443}"}
    certificate = _certificate_of(parts.hostname or "", parts.port or 443) if parts.scheme == "https" else ""
    if certificate:
        path = place.data / "suite.pem"
        path.write_text(certificate, encoding="utf-8")
        found["SSL_CERT_FILE"] = str(path)
    return found


def _certificate_of(host: str, port: int) -> str:
    """The certificate of a suite that no authority vouches for; '' when one does, or when nobody answers."""
    try:
        with (
            socket.create_connection((host, port), 5) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host),
        ):
            return ""
    except ssl.SSLCertVerificationError:
        return ssl.get_server_certificate((host, port))
    except OSError:
        return ""


def _clean() -> dict[str, str]:
    """The environment without what points at another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BADGEPIN_")} | {
        "BADGEPIN_LOG_LEVEL": "warning"
    }
