"""Every block of the how-to pages runs as it stands, on a fresh installation with a real server."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from badgepin.cli import main
from tests.architecture.tree import ROOT
from tests.cli.installation import badgepin, free_port, running
from tests.cli.test_auditing import keep

DOCS = ROOT / "docs"
PAGES = ("scripting.md", "audit-log.md", "importing-people.md", "policy-and-reports.md", "backup.md", "keys.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# a picture, an answer, a setting or a formula: nothing to run
SHOWN = {"json", "toml", "text"}


@dataclass
class Machine:
    """A server's machine: its folder, its address, and what the shell knows."""

    data: Path
    origin: str
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, script: str) -> str:
        """Run a script in the data folder; what it exports is known to the next one."""
        kept = self.data / "exported.json"
        dump = f"{shlex.quote(sys.executable)} -c 'import json,os; print(json.dumps(dict(os.environ)))' > {kept}"
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", f"{script}\n{dump}"],
            cwd=self.data,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        self.variables = json.loads(kept.read_text(encoding="utf-8"))
        return done.stdout


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder, port = tmp_path_factory.mktemp("machine"), free_port()
    data, tools = folder / "data", folder / "bin"
    origin = f"http://127.0.0.1:{port}"
    made = badgepin("init", "--domain", "example.com", "--base-url", origin, data=data)
    assert made.code == 0, made.err
    tools.mkdir()
    command = tools / "badgepin"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m badgepin.cli.main "$@"\n')
    command.chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("BADGEPIN_")}
    variables |= {"PATH": f"{tools}:{os.environ['PATH']}", "BADGEPIN_DATA": str(data), "ORIGIN": origin}
    with running("serve", "--port", str(port), "--data", str(data)):
        _wait(origin)
        yield Machine(data, origin, variables)


def _wait(origin: str) -> None:
    for _ in range(1200):
        try:
            if httpx.get(f"{origin}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not start")


def _blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))


def _shell(page: str) -> str:
    """The blocks of a page as one script; Python runs inside it, with the database as its argument."""
    parts = []
    for language, text in _blocks(page):
        if language == "python":
            parts.append(f"{shlex.quote(sys.executable)} - badgepin.db <<'SNIPPET'\n{text}SNIPPET\n")
        elif language == "sh":
            parts.append(text)
    # functions and variables of one block are there in the next, and for the pages behind
    return "set -a\n" + "\n".join(parts) + "\nexport -f field graph 2>/dev/null || true\n"


def test_a_tenant_is_set_up_as_the_page_says(machine: Machine) -> None:
    said = machine.run(_shell("scripting.md"))
    assert "Ada Okafor until 20" in said
    assert '"displayName":"Bakers"' in said
    batch = re.search(r'^.*"responses".*$', said, re.MULTILINE)
    assert batch
    assert batch[0].count('"status":20') == 2
    badge = json.loads((machine.data / "badge.json").read_text(encoding="utf-8"))
    assert badge["standardQRCode"]["image"]["binaryValue"]


def test_powershell_s_requests_are_answered(machine: Machine) -> None:
    (text,) = [text for language, text in _blocks("scripting.md") if language == "powershell"]
    lines = [line for line in text.splitlines() if line.startswith("Invoke-MgGraphRequest")]
    assert len(lines) == 5
    for line in lines:
        sent = re.fullmatch(r"""Invoke-MgGraphRequest -Method (\w+) -Uri "([^"]+)"(?: -Body '(.*)')?""", line)
        assert sent, line
        verb, uri, body = sent.groups()
        answer = httpx.request(
            verb,
            f"{machine.origin}/{uri.replace('`', '')}",
            headers={"authorization": f"Bearer {machine.variables['TOKEN']}"},
            json=json.loads(body) if body else None,
        )
        assert answer.is_success, f"{line}: {answer.text}"


def test_people_are_imported_as_the_page_says(machine: Machine) -> None:
    users = {"value": [{"id": "1", "userPrincipalName": "max@example.com", "displayName": "Max"}]}
    (machine.data / "users.json").write_text(json.dumps(users))
    (machine.data / "groups.json").write_text(json.dumps({"value": []}))
    said = machine.run(_shell("importing-people.md"))
    assert "2 people would be changed" in said
    assert "The import is undone." in said
    assert "1 people would be added" in said


def test_a_backup_is_made_and_tried_as_the_page_says(machine: Machine) -> None:
    said = machine.run(_shell("backup.md"))
    assert "This backup can be restored" in said


def test_policy_and_forecast_answer_as_the_page_says(machine: Machine) -> None:
    badge = json.loads((machine.data / "badge.json").read_text(encoding="utf-8"))
    text = machine.run(f"printf %s {badge['standardQRCode']['image']['rawContent']} | base64 -d")
    arguments = (
        "--origin",
        machine.origin,
        "--tenant",
        machine.variables["TENANT"],
        "--badge",
        text,
        "--pin",
        "11112222",
    )
    refused = badgepin("sign-in", *arguments, "--json")
    handle = re.search(r"\b[2-9A-HJKMNP-Z]{4}\b", refused.out + refused.err)
    assert handle, refused
    said = machine.run(_shell("policy-and-reports.md").replace("K7QF", handle[0]))
    assert "ada@example.com" in said
    assert "Store North" in said


def test_the_log_is_read_and_verified_as_the_page_says(machine: Machine) -> None:
    keep(machine.data)
    loghost = machine.data.parent / "loghost"
    loghost.mkdir()
    shutil.copy(machine.data / "audit-anchors.jsonl", loghost / "messages")
    machine.variables["LOGHOST"] = str(loghost)
    said = machine.run(_shell("audit-log.md"))
    assert "the chain holds" in said
    assert "Signature Verified Successfully" in said
    assert '"activityDisplayName":"Add user"' in said
    assert (machine.data / "sign-ins.csv").read_text(encoding="utf-8").startswith("createdDateTime,")


def test_keys_are_rotated_as_the_page_says_while_the_server_runs(machine: Machine) -> None:
    said = machine.run(_shell("keys.md"))
    assert re.search(r"^[1-9]\d* PINs were moved", said, re.MULTILINE)
    answer = httpx.get(f"{machine.origin}/livez")
    assert answer.json() == {"status": "alive"}


def test_every_block_says_what_it_is() -> None:
    for page in PAGES:
        unnamed = [text for language, text in _blocks(page) if language not in {"sh", "python", "powershell", *SHOWN}]
        formulas = [text for text in unnamed if "SHA-256" not in text]
        assert formulas == [], page


COMMANDS = [
    (page.name, line.split("  #")[0].strip())
    for page in (*sorted(DOCS.glob("*.md")), ROOT / "README.md")
    for _, text in BLOCK.findall(page.read_text(encoding="utf-8"))
    for line in text.replace("\\\n", " ").splitlines()
    if re.match(r"(\.venv/bin/)?badgepin [a-z]", line.strip())
]


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda part: part[:60])
def test_every_command_on_any_page_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(re.split(r"[|>]", line)[0])[1:]
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    command = [word for word in words if not word.startswith("-")]
    known = _options_of(command)
    assert known is not None, f"{page}: there is no command {' '.join(words)}"
    assert [option for option in options if option not in known] == [], page


def _options_of(words: list[str]) -> set[str] | None:
    """The options of the command that these words begin with; None where there is none."""
    found: Any = typer.main.get_command(main.app)
    for word in words:
        if not hasattr(found, "get_command"):
            break
        found = found.get_command(None, word)
        if found is None:
            return None
    if hasattr(found, "get_command"):
        return None
    return {"--help", *(name for one in found.params for name in one.opts)}


def test_the_check_of_commands_sees_one_that_is_gone() -> None:
    assert "--dry-run" in (_options_of(["people", "import", "x.csv"]) or set())
    assert _options_of(["people", "export"]) is None
    assert _options_of(["peeple"]) is None
