"""The page about the conformance suite: every module has a test of ours that exists, every plan its configuration."""

import re
from pathlib import Path

import pytest
from conformance.plans import PLANS, Plan

from tests.architecture.test_mutants_apply import exists
from tests.architecture.tree import read

PAGE = read(Path("docs/conformance.md"))
ROWS = re.findall(r"^\| `(oidcc-[\w-]+)` \| (.+) \|$", PAGE, re.MULTILINE)
_WITNESS = re.compile(r"`(tests/[\w/]+\.py::\w+)`")
# how many modules each plan has for clients that are registered beforehand
MODULES = {"config": 1, "basic": 36, "rp-initiated-logout": 11, "back-channel-logout": 2}


def test_the_page_lists_every_module_once() -> None:
    names = [module for module, _ in ROWS]
    assert len(set(names)) == len(names) == sum(MODULES.values())


@pytest.mark.parametrize(("module", "row"), ROWS, ids=[module for module, _ in ROWS])
def test_a_module_says_what_is_expected_and_names_tests_that_exist(module: str, row: str) -> None:
    _, expected, tests = row.split(" | ")
    assert re.match(r"(passed|review|warning|skipped)(:|$)", expected), module
    witnesses = _WITNESS.findall(tests)
    assert witnesses
    assert not [witness for witness in witnesses if not exists(witness)], module


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_plan_is_on_the_page_with_its_configuration(plan: Plan) -> None:
    section = PAGE.partition(f"`{plan.expression}`")[2].partition("\n### ")[0]
    assert f"`conformance/{plan.name}.json`" in section
    assert len(re.findall(r"^\| `oidcc-", section, re.MULTILINE)) == MODULES[plan.name]


def test_what_the_suites_browser_looks_for_is_on_our_page() -> None:
    [override] = next(plan for plan in PLANS if plan.name == "basic").configuration()["override"].values()
    [[_, _, element, _, sentence, _]] = override["browser"][0]["tasks"][0]["commands"]
    assert (element, f'"{sentence}"' in read(Path("src/badgepin/oidc/routes.py"))) == ("//h1", True)
    words = read(Path("src/badgepin/portal/words/en.json"))
    assert all(text in words for text in re.findall(r'choose "([^"]+)"', PAGE))
