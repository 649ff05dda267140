"""The hand-written security mutants still fit the code; `make mutate` shows that each is noticed."""

import ast
import re
from pathlib import Path

import pytest
from mutants.entries import ROOT, Mutant, load, mutated

MUTANTS = load()
_LEAST = 30


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_replaces_what_is_there_exactly_once(mutant: Mutant) -> None:
    for path, text in mutated(mutant, ROOT).items():
        ast.parse(text)
        assert text != path.read_text(encoding="utf-8")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_it_exist(mutant: Mutant) -> None:
    assert mutant.tests
    assert not [test for test in mutant.tests if not exists(test)]


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= _LEAST


def exists(test: str) -> bool:
    """Whether a node id names a test file, and a function in it where it names one."""
    file, _, name = test.partition("::")
    path = ROOT / Path(file)
    if not path.is_file():
        return False
    function = name.partition("[")[0]
    return (
        not function
        or re.search(rf"^(async )?def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    )
