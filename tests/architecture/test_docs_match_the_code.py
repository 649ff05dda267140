"""The pages say what the code is today: packages, settings, decisions, commands."""

import re
from pathlib import Path

import pytest
from scripts import settings_page

from tests.architecture.tree import ROOT, files, read

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
KINDS = {"added", "changed", "fixed", "removed", "security"}


def test_every_package_has_a_row_in_the_architecture_page_and_every_row_a_package() -> None:
    below = (ROOT / "src" / "badgepin").iterdir()
    packages = {f"{path.name}/" for path in below if path.is_dir() and path.name != "__pycache__"}
    modules = {path.name for path in (ROOT / "src" / "badgepin").glob("*.py") if path.name != "__init__.py"}
    rows = set(re.findall(r"^\| `([\w/.]+)` \|", read(Path("docs/architecture.md")), re.MULTILINE))
    assert rows == packages | modules


def test_the_settings_page_is_current() -> None:
    assert settings_page.PAGE.read_text(encoding="utf-8") == settings_page.page(), "run `make docs`"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_tells_context_decision_consequences_and_alternatives(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_decision_that_the_code_cites_exists() -> None:
    numbers = {page.name[:4] for page in DECISIONS}
    cited = {
        number
        for path in files()
        for number in re.findall(r"docs/decisions/(\d{4})", read(path))
        if path.suffix == ".py"
    }
    assert cited <= numbers


def test_every_changelog_fragment_says_what_kind_of_change_it_is() -> None:
    fragments = [path.name for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]
    assert fragments
    assert [name for name in fragments if name.split(".")[-2] not in KINDS] == []


def test_every_make_target_has_a_line_in_make_help() -> None:
    makefile = read(Path("Makefile"))
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    rules = re.findall(r"^([a-z][\w-]*):(?!=)(.*)$", makefile, re.MULTILINE)
    assert {name for name, _ in rules} == set(phony.split())
    assert [name for name, rest in rules if "## " not in rest] == []


def test_every_make_target_that_a_page_tells_people_to_run_exists() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", read(Path("Makefile")), re.MULTILINE))
    told = {name for path in files() if path.suffix == ".md" for name in re.findall(r"`make ([a-z][\w-]*)", read(path))}
    assert told <= targets
