"""`badgepin sign-in` plays the browser's part, and `badgepin explain` says what a refusal was."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.running import BADGEPIN, demo

FIRST_PIN, PIN = "13572468", "90417263"


@dataclass(frozen=True)
class Desk:
    """A running demo, its folder, and somebody's badge."""

    folder: Path
    document: dict[str, Any]
    badge: str

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One command of ours."""
        return subprocess.run([str(BADGEPIN), *arguments], capture_output=True, text=True, check=False)

    def sign_in(self, *more: str, badge: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Sign in at the demo."""
        place = ["--origin", self.document["origin"], "--tenant", self.document["tenantId"]]
        return self.run("sign-in", *place, "--badge", badge or self.badge, *more)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo's worker, whose badge was made with the demo."""
    folder = tmp_path_factory.mktemp("desk") / "demo"
    with demo(folder) as running:
        document = running.announcement
        yield Desk(folder, document, document["badge"]["text"])


def test_a_worker_signs_in_from_the_command_line(desk: Desk, tmp_path: Path) -> None:
    first = desk.document["badge"]["pin"]
    temporary = desk.sign_in("--pin", first)
    assert (temporary.returncode, temporary.stdout) == (1, "")
    assert "--new-pin" in temporary.stderr
    signed_in = desk.sign_in("--pin", first, "--new-pin", PIN)
    assert (signed_in.returncode, signed_in.stdout) == (0, "Signed in as Amina Diallo with the new PIN.\n")
    file = tmp_path / "badge.txt"
    file.write_text(desk.badge + "\n", encoding="utf-8")
    answer = json.loads(desk.sign_in("--pin", PIN, "--json", badge=str(file)).stdout)
    assert answer == {"signedIn": True, "name": "Amina Diallo", "pinChanged": False, "tokens": {}}


def test_a_refusal_is_the_pages_sentence_and_a_handle_that_explain_knows(desk: Desk) -> None:
    refused = desk.sign_in("--pin", "11112222", "--language", "de", "--json")
    said = json.loads(refused.stdout)
    assert refused.returncode == 1
    assert (said["code"], said["signedIn"]) == ("wrongPin", False)
    assert said["message"] in refused.stderr
    assert said["message"].startswith("Diese PIN stimmt nicht.")
    explained = desk.run("explain", said["handle"], "--data", str(desk.folder), "--json")
    found = json.loads(explained.stdout)
    assert (found["person"], found["cause"]) == ("amina@stores.example", "The PIN was wrong.")


def test_a_handle_from_before_the_proof_is_explained_on_the_node_that_gave_it(desk: Desk) -> None:
    stranger = desk.sign_in(
        "--pin",
        PIN,
        "--json",
        badge="BP1DWE2Y3MAAX6HQ7SA1GEJWFTABC0020G30G2GC1R81450P30D1R7H048J2CA1A5GQ30CHM6RW3MF1Y4NFZPM3",
    )
    handle = json.loads(stranger.stdout)["handle"]
    explained = desk.run("explain", handle, "--data", str(desk.folder))
    assert "not one of this organization" in explained.stdout
    assert desk.run("explain", "ZZZZ", "--data", str(desk.folder)).returncode == 1


def test_a_public_application_gets_its_tokens(desk: Desk) -> None:
    data = ("--data", str(desk.folder))
    client = json.loads(desk.run("clients", "add", "Kiosk", "--json", *data).stdout)["clientId"]
    assert desk.run("clients", "redirects", client, "--public", "http://localhost", *data).returncode == 0
    assert desk.run("clients", "consent", client, "User.Read", *data).returncode == 0
    asked = ("--client-id", client, "--redirect-uri", "http://localhost:7777", "--scope", "openid profile User.Read")
    done = desk.sign_in("--pin", PIN, "--json", *asked)
    tokens = json.loads(done.stdout)["tokens"]
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    who = httpx.get(f"{desk.document['origin']}/v1.0/me", headers=headers).json()
    assert who["userPrincipalName"] == "amina@stores.example"
    elsewhere = ("--client-id", client, "--redirect-uri", "http://localhost/other")
    refused = desk.sign_in("--pin", PIN, *elsewhere)
    assert refused.returncode == 1
    assert "not registered" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--origin", "ftp://x", "--tenant", "x"), "origin must look like"),
        (("--origin", "http://127.0.0.1:1", "--tenant", "x"), "does not answer"),
        (("--origin", "ORIGIN", "--tenant", "nobody"), "is the tenant right"),
        (("--origin", "ORIGIN", "--tenant", "TENANT", "--client-id", "x"), "go together"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    known = {"ORIGIN": desk.document["origin"], "TENANT": desk.document["tenantId"]}
    given = [known.get(argument, argument) for argument in arguments]
    done = desk.run("sign-in", *given, "--badge", desk.badge, "--pin", PIN)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
