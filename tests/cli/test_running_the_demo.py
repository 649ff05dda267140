"""`badgepin demo`: every line it prints works as printed, and every token does what its name says."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.installation import badgepin, free_port, is_one_line, running

NAMES = {
    "worker",
    "newWorker",
    "otherStoreWorker",
    "manager",
    "globalAdministrator",
    "helpdeskAdministrator",
    "passwordAdministrator",
    "globalReader",
    "authenticationAdministrator",
    "privilegedAuthenticationAdministrator",
    "authenticationPolicyAdministrator",
    "guest",
    "roleGroupMember",
}
TOKENS = {
    "applicationReadWrite",
    "applicationQrReadWrite",
    "applicationQrRead",
    "applicationPolicy",
    "applicationAudit",
    "globalAdministrator",
    "authenticationAdministrator",
    "privilegedAuthenticationAdministrator",
    "authenticationPolicyAdministrator",
    "globalReader",
    "helpdeskAdministrator",
    "manager",
    "worker",
}


@dataclass(frozen=True)
class Demo:
    """A demo that is up, as its first line describes it."""

    folder: Path
    process: subprocess.Popen[str]
    document: dict[str, Any]

    def get(self, path: str, token: str) -> httpx.Response:
        """One GET below `/v1.0` with one of the ready tokens."""
        authorization = f"Bearer {self.document['tokens'][token]}"
        return httpx.get(f"{self.document['origin']}/v1.0{path}", headers={"authorization": authorization})

    def method(self, name: str) -> str:
        """The path of a person's method."""
        return f"/users/{self.document['users'][name]['id']}/authentication/qrCodePinMethod"


def _arguments(folder: Path, *more: str) -> tuple[str, ...]:
    return ("demo", "--data", str(folder), "--port", str(free_port()), *more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def page(folder: Path) -> list[tuple[str, int]]:
    """The commands that the first start printed, with the exit code or status that each gave when run as printed."""
    with running(*_arguments(folder)) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr and process.stderr.read()
        commands = [line.strip() for line in lines if line.startswith("  curl ")]
        return [(command, _status(command)) for command in commands]


def _status(command: str) -> int:
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1])


@pytest.fixture(scope="module")
def demo(folder: Path, page: list[tuple[str, int]]) -> Iterator[Demo]:
    """The same demo started again, for tools."""
    assert page
    with running(*_arguments(folder, "--json")) as process:
        assert process.stdout is not None
        yield Demo(folder, process, json.loads(process.stdout.readline()))


def test_each_printed_command_works_as_printed(page: list[tuple[str, int]]) -> None:
    assert [status for _, status in page] == [201, 204]
    assert " -X DELETE " in page[1][0]


def test_the_document_for_tools_names_everybody(demo: Demo) -> None:
    document = demo.document
    assert set(document) == {
        "origin",
        "tenantId",
        "tokenEndpoint",
        "users",
        "clients",
        "tokens",
        "signInPage",
        "till",
        "deskInvitation",
        "badge",
    }
    assert set(document["users"]) == NAMES
    assert set(document["tokens"]) == TOKENS
    assert "#EXT#" in document["users"]["guest"]["userPrincipalName"]


def test_the_automation_client_gets_a_token(demo: Demo) -> None:
    client = demo.document["clients"]["automation"]
    form = {
        "grant_type": "client_credentials",
        "client_id": client["clientId"],
        "client_secret": client["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = httpx.post(demo.document["tokenEndpoint"], data=form)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    users = httpx.get(f"{demo.document['origin']}/v1.0/users?$top=999", headers={"authorization": f"Bearer {token}"})
    assert len(users.json()["value"]) == 24


@pytest.mark.parametrize(
    ("token", "of", "status"),
    [
        ("applicationReadWrite", "worker", 200),
        ("applicationQrRead", "worker", 200),
        ("applicationPolicy", "worker", 403),
        ("applicationAudit", "worker", 403),
        ("globalAdministrator", "worker", 200),
        ("globalReader", "worker", 200),
        ("helpdeskAdministrator", "worker", 403),
        ("authenticationPolicyAdministrator", "worker", 403),
        ("manager", "worker", 200),
        ("manager", "otherStoreWorker", 403),
        ("worker", "worker", 200),
        ("worker", "newWorker", 403),
        ("applicationReadWrite", "newWorker", 404),
    ],
)
def test_a_token_does_what_its_name_says(demo: Demo, token: str, of: str, status: int) -> None:
    assert demo.get(demo.method(of), token).status_code == status


def test_the_worker_has_an_active_standard_code_and_the_audit_log_tells_the_story(demo: Demo) -> None:
    method = demo.get(demo.method("worker"), "applicationReadWrite").json()
    assert method["standardQRCode"]["expireDateTime"] > "2026"
    events = demo.get("/auditLogs/directoryAudits?$top=999", "applicationAudit").json()["value"]
    assert {"Add user", "Add member to role", "Authentication Methods Policy Update"} <= {
        event["activityDisplayName"] for event in events
    }


def test_a_path_reaches_the_api_as_it_was_sent(demo: Demo) -> None:
    # %2F belongs to the key: a server that unquotes early would look for the segment 'b'
    assert demo.get("/users/a%2Fb", "applicationReadWrite").status_code == 404
    assert demo.get("/users/a/b", "applicationReadWrite").status_code == 400


def test_only_the_owner_reads_the_tokens_and_the_folder_says_what_it_is(demo: Demo) -> None:
    assert "demo" in (demo.folder / "DEMO.txt").read_text()
    for name in ("demo.json", "authorization.header", "keyring.json"):
        assert not (demo.folder / name).stat().st_mode & 0o077


def test_a_demo_is_never_served_to_others(demo: Demo) -> None:
    assert is_one_line(badgepin("serve", "--host", "0.0.0.0", data=demo.folder), "loopback")  # noqa: S104 - refused


def test_a_folder_that_is_no_demo_is_refused(data: Path, tmp_path: Path) -> None:
    assert is_one_line(badgepin(*_arguments(data)), "not a demo")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    assert is_one_line(badgepin(*_arguments(tmp_path / "other")), "not a demo")


def test_the_environment_of_a_real_installation_does_not_turn_a_demo_loose_on_it(data: Path, tmp_path: Path) -> None:
    before = (data / "badgepin.db").read_bytes()
    url = f"sqlite:///{data / 'badgepin.db'}"
    arguments = _arguments(tmp_path / "demo", "--json")
    with running(*arguments, BADGEPIN_DATABASE_URL=url, BADGEPIN_DATA=str(data), BADGEPIN_HOST="0.0.0.0") as process:  # noqa: S104 - ignored
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["origin"].startswith("http://localhost:")
    assert (data / "badgepin.db").read_bytes() == before


def test_a_request_that_runs_is_finished_before_the_demo_stops(folder: Path, page: list[tuple[str, int]]) -> None:
    assert page
    arguments = _arguments(folder, "--json")
    with running(*arguments) as process:
        assert process.stdout is not None
        token = json.loads(process.stdout.readline())["tokens"]["applicationReadWrite"]
        head = (
            "POST /v1.0/$batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: 16\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", int(arguments[4])), timeout=60) as connection:
            connection.sendall(head.encode() + b"{")
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            sender = threading.Timer(0.3, connection.sendall, (b'"requests":[] }',))
            sender.start()
            status = connection.recv(4000).split()[1]
            sender.join()
        assert process.wait(timeout=90) == 0
        assert status in {b"200", b"400"}
