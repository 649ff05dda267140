"""Other servers beside ours, each with its defaults, in a process of its own on this machine.

node `oidc-provider` (in memory) issues and introspects tokens; privacyIDEA (SQLite, two processes of gunicorn) checks
the PIN of a token by its serial, the nearest thing it has to a badge and a PIN. `make bench-peers` installs them.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks import sign_in
from benchmarks.installation import CLIENT, SECRET, Bench, Started
from benchmarks.load import run
from benchmarks.page import Row, row_of

NODE = Path("benchmarks/node")
PYTHON = Path(".venv-peers/bin")
PIN = "90417263"
_CONNECTIONS, _ROUNDS = 16, 5
_PATIENCE = 120.0


def missing() -> list[str]:
    """The peers that are not installed."""
    found = {"oidc-provider": NODE / "node_modules/oidc-provider", "privacyIDEA": PYTHON / "pi-manage"}
    return [name for name, path in found.items() if not path.exists()]


def form(path: str, port: int, fields: dict[str, str]) -> bytes:
    """The bytes of a posted form."""
    body = urlencode(fields)
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _post(port: int, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, object]:
    request = Request(f"http://127.0.0.1:{port}{path}", urlencode(fields).encode(), headers or {})
    with urlopen(request, timeout=60) as answer:
        return dict(json.loads(answer.read()))


@contextmanager
def _running(command: list[str], port: int, path: str, variables: dict[str, str] | None = None) -> Iterator[Started]:
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env={**os.environ, **(variables or {})}, stdout=quiet, stderr=quiet) as process:
        try:
            while process.poll() is None and not _answers(port, path):
                if time.perf_counter() - began > _PATIENCE:
                    raise SystemExit(f"{command[0]} did not answer.")
                time.sleep(0.005)
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} did not start.")
            yield Started(time.perf_counter() - began, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _answers(port: int, path: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _rate(port: int, asked: bytes, count: int) -> float:
    load = await run(port, [asked] * count, connections=_CONNECTIONS, status=200)
    assert load.wanted == count, "a request was refused"
    return load.rate


async def provider_rows(bench: Bench, kind: str, requests: int) -> list[Row]:
    """Tokens and introspection against oidc-provider, in turns; `bench` is being served."""
    port, secret = _free_port(), secrets.token_urlsafe(24)
    command = ["node", str(NODE / "server.mjs"), str(port), secret]
    mine = {"client_id": CLIENT, "client_secret": SECRET}
    theirs = {"client_id": "bench", "client_secret": secret}
    with _running(command, port, "/.well-known/openid-configuration") as started:
        resource = {"resource": "https://graph.microsoft.com"}
        token = form("/token", port, {**theirs, **resource, "grant_type": "client_credentials"})
        reference = await asyncio.to_thread(_post, port, "/token", {**theirs, "grant_type": "client_credentials"})
        look = form("/token/introspection", port, {**theirs, "token": str(reference["access_token"])})
        own = sign_in.token_request(bench)
        scope = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
        held = await asyncio.to_thread(_post, bench.port, f"/{bench.tenant}/oauth2/v2.0/token", {**mine, **scope})
        shown = {**mine, "token": str(held["access_token"])}
        seen = await asyncio.to_thread(_post, bench.port, f"/{bench.tenant}/oauth2/v2.0/introspect", shown)
        note = "" if seen["active"] else "ours answers that the token is not active"
        asked = form(f"/{bench.tenant}/oauth2/v2.0/introspect", bench.port, shown)
        issued, looked = [], []
        for turn in range(_ROUNDS + 1):
            issuing = await _rate(bench.port, own, requests) / await _rate(port, token, requests)
            looking = await _rate(bench.port, asked, requests) / await _rate(port, look, requests)
            if turn:
                issued.append(issuing)
                looked.append(looking)
        return [
            row_of(f"{kind}: tokens for applications / node oidc-provider's, in memory", issued),
            row_of(f"{kind}: introspections / node oidc-provider's, in memory", looked, note=note),
            row_of("node oidc-provider: cold start to the first answer, s", [started.seconds]),
            row_of("node oidc-provider: memory after this load, MB", [started.memory()]),
        ]


async def privacyidea_rows(bench: Bench, people: list[sign_in.Signer], folder: Path, count: int) -> list[Row]:
    """Sign-ins with badge and PIN against privacyIDEA's check of a PIN, in turns; `bench` is being served on SQLite."""
    port = _free_port()
    variables = await asyncio.to_thread(_set_up, folder)
    name = f"privacyidea.app:create_app('production', '{variables['PRIVACYIDEA_CONFIGFILE']}', silent=True)"
    command = [str(PYTHON / "gunicorn"), "--workers", "2", "--bind", f"127.0.0.1:{port}", "--no-control-socket", name]
    with _running(command, port, "/healthz/livez", variables) as started:
        admin = await asyncio.to_thread(_post, port, "/auth", {"username": "bench", "password": SECRET})
        result: dict[str, dict[str, str]] = admin["result"]  # type: ignore[assignment]  # privacyIDEA's shape
        token = {"Authorization": result["value"]["token"]}
        await asyncio.to_thread(_post, port, "/token/init", {"type": "spass", "pin": PIN, "serial": "BENCH"}, token)
        check = form("/validate/check", port, {"serial": "BENCH", "pass": PIN})
        ratios = []
        for turn in range(_ROUNDS + 1):
            ours = await asyncio.to_thread(sign_in.sign_in_rate, bench, people, count)
            theirs = await _closing_rate(port, check, count)
            if turn:
                ratios.append(ours / theirs)
        return [
            row_of("SQLite: sign-ins with badge and PIN / privacyIDEA's validate/check of a PIN", ratios),
            row_of("privacyIDEA: cold start to the first answer, s", [started.seconds]),
            row_of("privacyIDEA: memory of all processes after this load, MB", [started.memory()]),
        ]


async def _closing_rate(port: int, asked: bytes, count: int) -> float:
    # gunicorn's plain workers close each connection after its answer
    waiting, began = iter(range(count)), time.perf_counter()

    async def work() -> None:
        for _ in waiting:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(asked)
            answer = await reader.read()
            assert b'"status": true, "value": true' in answer, answer[:200]
            writer.close()

    await asyncio.gather(*(work() for _ in range(8)))
    return count / (time.perf_counter() - began)


_CONFIGURATION = """
SUPERUSER_REALM = ["super"]
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/pi.db"
SECRET_KEY = "{secret}"
PI_PEPPER = "{secret}"
PI_ENCFILE = "{folder}/enckey"
PI_AUDIT_KEY_PRIVATE = "{folder}/private.pem"
PI_AUDIT_KEY_PUBLIC = "{folder}/public.pem"
PI_LOGFILE = "{folder}/pi.log"
"""


def _set_up(folder: Path) -> dict[str, str]:
    folder.mkdir()
    configuration = folder / "pi.cfg"
    configuration.write_text(_CONFIGURATION.format(folder=folder, secret=secrets.token_urlsafe(24)), encoding="utf-8")
    variables = {"PRIVACYIDEA_CONFIGFILE": str(configuration)}
    for arguments in (
        ("setup", "create_enckey"),
        ("setup", "create_audit_keys"),
        ("setup", "create_tables"),
        ("admin", "add", "bench", "-p", SECRET),
    ):
        command = [str(PYTHON / "pi-manage"), *arguments]
        subprocess.run(command, env={**os.environ, **variables}, check=True, capture_output=True)
    return variables
