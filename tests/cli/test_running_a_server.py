"""`badgepin serve`: what starts, what refuses to, and how it stops."""

import json
import signal
import socket
import stat
import time
from pathlib import Path

import httpx
import pytest

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.key_ring_file import load_key_ring, save_key_ring
from badgepin.web.installation import system_clock
from tests.cli.installation import DOMAIN, badgepin, free_port, is_one_line, running
from tests.postgres import Server, server


@pytest.fixture
def port() -> int:
    return free_port()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if _get(port, "/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("The server did not become ready.")


def _get(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60)


def _serve_arguments(data: Path, port: int) -> tuple[str, ...]:
    return ("serve", "--data", str(data), "--port", str(port))


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_a_server_starts_answers_and_stops_when_told(data: Path, port: int, order: signal.Signals) -> None:
    with running(*_serve_arguments(data, port)) as process:
        _wait(port)
        assert _get(port, "/livez").status_code == 200
        process.send_signal(order)
        assert process.wait(timeout=90) == 0


def test_idle_memory_stays_below_100_mebibytes(data: Path, port: int) -> None:
    with running(*_serve_arguments(data, port)) as process:
        _wait(port)
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        kibibytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
        assert kibibytes < 100 * 1024


def test_answers_do_not_name_the_server_and_carry_the_security_headers(data: Path, port: int) -> None:
    with running(*_serve_arguments(data, port)):
        _wait(port)
        answer = _get(port, "/livez")
        assert not answer.headers["server"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not _get(port, "/v1.0/me").headers["server"]


def test_huge_headers_are_refused(data: Path, port: int) -> None:
    with running(*_serve_arguments(data, port)):
        _wait(port)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")
            assert b" 431 " in connection.recv(200)


def test_an_idle_connection_does_not_keep_the_server_from_stopping(data: Path, port: int) -> None:
    with running(*_serve_arguments(data, port)) as process:
        _wait(port)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(200).startswith(b"HTTP/1.1 200")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=90) == 0


def test_a_taken_port_is_refused_and_not_shared(data: Path, port: int) -> None:
    with running(*_serve_arguments(data, port)):
        _wait(port)
        assert is_one_line(badgepin("serve", "--port", str(port), data=data), "in use", "--port")


def test_a_folder_without_installation_is_refused(tmp_path: Path) -> None:
    assert is_one_line(badgepin("serve", data=tmp_path / "none"), "badgepin init")


def test_a_key_ring_that_others_can_read_is_refused(data: Path) -> None:
    (data / "keyring.json").chmod(0o444)
    assert is_one_line(badgepin("serve", data=data), "chmod 0400")


def test_a_missing_key_ring_is_refused(data: Path) -> None:
    (data / "keyring.json").unlink()
    assert is_one_line(badgepin("serve", data=data), "missing", "restore")


def test_a_ring_whose_pepper_does_not_open_the_pins_is_refused(staffed: Path) -> None:
    assert badgepin("codes", "issue", f"ada@{DOMAIN}", data=staffed).code == 0
    ring = load_key_ring(staffed / "keyring.json")
    stranger = create_key_ring(system_clock())
    file = json.loads((staffed / "keyring.json").read_bytes())
    save_key_ring(stranger, staffed / "keyring.json")
    assert is_one_line(badgepin("serve", data=staffed), "lacks the pepper", "restore")
    # the same name with other bytes: only the canary tells
    other = json.loads((staffed / "keyring.json").read_bytes())
    file["peppers"][0]["key"] = other["peppers"][0]["key"]
    assert file["peppers"][0]["kid"] == ring.peppers[0].kid
    (staffed / "keyring.json").chmod(stat.S_IRUSR | stat.S_IWUSR)
    (staffed / "keyring.json").write_text(json.dumps(file))
    assert is_one_line(badgepin("serve", data=staffed), "does not open", "restore")


def test_a_schema_of_another_version_is_refused(data: Path) -> None:
    assert badgepin("db", "downgrade", "base", "--yes", data=data).code == 0
    assert is_one_line(badgepin("serve", data=data), "badgepin db upgrade")
    assert badgepin("db", "check", data=data).code == 1
    assert badgepin("db", "upgrade", data=data).code == 0
    assert badgepin("db", "check", data=data).code == 0


def test_a_setting_that_makes_no_sense_is_refused(data: Path) -> None:
    outcome = badgepin("serve", data=data, BADGEPIN_LOCKOUT_STEP="99")
    assert is_one_line(outcome, "lockout_step", "1 to 10")


def test_wal_forced_on_an_affected_sqlite_is_refused(data: Path) -> None:
    outcome = badgepin("doctor", "--json", data=data)
    durability = next(each["finding"] for each in outcome.json if each["check"] == "durability")
    if "may be affected" not in durability:
        pytest.skip("This machine's SQLite has the fix.")
    assert is_one_line(badgepin("serve", data=data, BADGEPIN_SQLITE_JOURNAL="wal"), "WAL", "auto")


def test_a_postgresql_that_forgets_in_a_crash_is_refused(tmp_path: Path, postgresql: Server) -> None:
    data = tmp_path / "data"
    assert badgepin("init", "--database-url", postgresql.new_database(), data=data).code == 0
    assert is_one_line(badgepin("serve", data=data), "fsync=on")


def test_a_server_on_a_durable_postgresql_answers(tmp_path: Path, port: int) -> None:
    with server(durable=True) as durable:
        data = tmp_path / "data"
        assert badgepin("init", "--database-url", durable.new_database(), data=data).code == 0
        assert badgepin("doctor", data=data).code == 0
        with running(*_serve_arguments(data, port)):
            _wait(port)


def test_a_database_that_is_not_there_is_one_line(tmp_path: Path, postgresql: Server) -> None:
    data = tmp_path / "data"
    assert badgepin("init", "--database-url", postgresql.new_database(), data=data).code == 0
    for url in ("postgresql://postgres@127.0.0.1:1/nothing", postgresql.url("no_such_database")):
        assert is_one_line(badgepin("serve", data=data, BADGEPIN_DATABASE_URL=url), "does not answer")
        assert is_one_line(badgepin("users", "list", data=data, BADGEPIN_DATABASE_URL=url), "does not answer")
