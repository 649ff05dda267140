"""Each house rule finds what it is for, and leaves the rest alone."""

from pathlib import Path

import pytest

from tests.architecture import code_rules, text_rules

SOURCE = Path("src/badgepin/services/badge.py")
PAGE = Path("docs/page.md")
REGISTRY = "https://" + "registry" + ".npmjs.org"


def test_a_file_may_have_400_lines_and_not_401() -> None:
    assert not list(code_rules.size_findings(SOURCE, "x = 1\n" * 400))
    assert list(code_rules.size_findings(SOURCE, "x = 1\n" * 401))


def test_a_test_file_may_have_600_lines() -> None:
    assert not list(code_rules.size_findings(Path("tests/test_x.py"), "x = 1\n" * 600))
    assert list(code_rules.size_findings(Path("tests/test_x.py"), "x = 1\n" * 601))


def test_a_migration_may_be_long() -> None:
    path = Path("src/badgepin/store/migrations/versions/2026_01_01_x.py")
    assert not list(code_rules.size_findings(path, "x = 1\n" * 401))
    assert not list(code_rules.function_findings(path, "def f():\n" + "    x = 1\n" * 60))


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_function_may_have_60_lines_and_not_61(kind: str) -> None:
    assert not list(code_rules.function_findings(SOURCE, f"{kind} f():\n" + "    x = 1\n" * 59))
    assert list(code_rules.function_findings(SOURCE, f"{kind} f():\n" + "    x = 1\n" * 60))


@pytest.mark.parametrize("name", ["utils.py", "pin_helpers.py", "common/pin.py", "badge_manager.py"])
def test_a_junk_drawer_is_found_by_its_name(name: str) -> None:
    assert list(code_rules.name_findings(Path("src/badgepin") / name, ""))


@pytest.mark.parametrize("name", ["domain/pin.py", "domain/commonplace.py", "web/management.py"])
def test_a_name_that_only_looks_like_one_is_fine(name: str) -> None:
    assert not list(code_rules.name_findings(Path("src/badgepin") / name, ""))


@pytest.mark.parametrize("line", ["import os", "from os import path"])
def test_an_import_inside_a_function_is_found(line: str) -> None:
    assert list(code_rules.import_findings(SOURCE, f"def f():\n    if True:\n        {line}\n"))
    assert list(code_rules.import_findings(SOURCE, f"class C:\n    async def f(self):\n        {line}\n"))
    assert not list(code_rules.import_findings(SOURCE, f"{line}\n"))


def test_reading_the_clock_is_found_in_services_and_domain_only() -> None:
    source = "from datetime import UTC, datetime\nx = datetime.now(UTC)\n"
    assert list(code_rules.clock_findings(SOURCE, source))
    assert list(code_rules.clock_findings(Path("src/badgepin/domain/pin.py"), source))
    assert not list(code_rules.clock_findings(Path("src/badgepin/web/installation.py"), source))
    assert not list(code_rules.clock_findings(SOURCE, "x = call.now\n"))


def test_a_proof_compared_with_equals_is_found_where_proofs_are_checked() -> None:
    checked = Path("src/badgepin/crypto/sealed.py")
    assert list(code_rules.comparison_findings(checked, "x = given == row.mac\n"))
    assert list(code_rules.comparison_findings(checked, "x = computed != kept.digest\n"))
    assert not list(code_rules.comparison_findings(checked, "x = key.kid == kid\n"))
    assert not list(code_rules.comparison_findings(SOURCE, "x = given == row.mac\n"))


@pytest.mark.parametrize(
    "address", [REGISTRY, f"{REGISTRY}/x/-/x-1.0.tgz", "https://user:word@" + "packages.corp.io/simple"]
)
def test_the_host_of_a_registry_is_found(address: str) -> None:
    assert list(text_rules.host_findings(PAGE, f"see {address} for more"))


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080/x", "http://[::1]:80", "https://shop.example/x", "https://graph.microsoft.com/v1.0"],
)
def test_loopback_reserved_names_and_known_hosts_may_be_named(address: str) -> None:
    assert not list(text_rules.host_findings(PAGE, f"see {address} for more"))


def test_a_path_of_one_machine_is_found() -> None:
    assert list(text_rules.machine_findings(PAGE, "open /" + "home/somebody/badgepin"))
    assert not list(text_rules.machine_findings(PAGE, "GET /v1.0/users/home/address"))


def test_a_link_must_lead_to_a_file_and_a_heading(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# Other page\n\n## What's in it\n", encoding="utf-8")

    def findings(text: str) -> list[str]:
        return list(text_rules.link_findings(PAGE, text, tmp_path))

    assert not findings("[a](other.md) [b](other.md#whats-in-it) `[c](nowhere.md)`")
    assert findings("[a](nowhere.md)")
    assert findings("[a](other.md#nothing)")
