"""No file names a package registry or one machine's folders, and every link leads somewhere."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import text_rules
from tests.architecture.tree import ROOT, files, read

Rule = Callable[[Path, str], Iterator[str]]
RULES: tuple[Rule, ...] = (text_rules.host_findings, text_rules.machine_findings, text_rules.link_findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_follows_the_rule(rule: Rule) -> None:
    findings = [finding for path in files() for finding in rule(path, read(path))]
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_every_locked_python_package_has_a_version_and_hashes(lock: str) -> None:
    entries = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    loose = [entry for entry in entries if entry.strip() and not ("==" in entry and "--hash=sha256:" in entry)]
    assert not loose


@pytest.mark.parametrize("folder", ["clients", "browser"])
def test_every_locked_node_package_has_a_hash_and_no_address(folder: str) -> None:
    lock = json.loads(read(Path(f"tests/{folder}/node/package-lock.json")))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
