"""Every Python file of the project obeys the rules that a linter does not know."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import code_rules
from tests.architecture.tree import python_files, read

Rule = Callable[[Path, str], Iterator[str]]
RULES: tuple[Rule, ...] = (
    code_rules.size_findings,
    code_rules.function_findings,
    code_rules.name_findings,
    code_rules.import_findings,
    code_rules.clock_findings,
    code_rules.comparison_findings,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_follows_the_rule(rule: Rule) -> None:
    findings = [finding for path in python_files() for finding in rule(path, read(path))]
    assert not findings, "\n".join(findings)


def test_the_whole_tree_is_looked_at() -> None:
    looked_at = {str(path) for path in python_files()}
    assert {"src/badgepin/app.py", "tests/architecture/tree.py", "scripts/settings_page.py"} <= looked_at
