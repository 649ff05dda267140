"""Every threat has a witness that exists, or says plainly that it has none."""

import re
from pathlib import Path

import pytest

from tests.architecture.test_mutants_apply import exists
from tests.architecture.tree import read

ROWS = re.findall(r"^\| (\d+) \| (.+) \|$", read(Path("docs/threats.md")), re.MULTILINE)
_WITNESS = re.compile(r"`(tests/[\w/]+\.py::\w+)`")


def test_the_threats_are_numbered_from_1_to_40() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 41))


@pytest.mark.parametrize(("number", "row"), ROWS, ids=[number for number, _ in ROWS])
def test_a_threat_names_witnesses_that_exist_or_says_why_there_is_none(number: str, row: str) -> None:
    witnesses = _WITNESS.findall(row)
    assert not [witness for witness in witnesses if not exists(witness)], number
    assert witnesses or re.search(r"not automated .*because", row), number


def test_a_witness_that_is_not_there_is_noticed() -> None:
    assert not exists("tests/architecture/test_threats.py::test_that_nobody_wrote")
    assert not exists("tests/architecture/no_such_file.py")
