"""The long runs prove something only as long as their checks see what is wrong and their controls still apply."""

from pathlib import Path

import pytest
from faults.history import History, Operation, Outcome
from faults.intervals import codes_beside_another, uses_after_revocation
from faults.source import Change, changed_source

from faults import weaker

WEAKER = {name: rules for name, rules in vars(weaker).items() if name.isupper()}


def _history(*operations: Operation) -> History:
    return History(list(operations))


def _done(kind: str, invoked: float, completed: float, outcome: Outcome = Outcome.OK, detail: str = "") -> Operation:
    return Operation(kind, "person" if kind == "issue" else "code", invoked, completed, outcome, detail=detail)


@pytest.mark.parametrize("name", WEAKER)
def test_each_rule_that_a_control_takes_away_is_still_there_to_be_taken(name: str, tmp_path: Path) -> None:
    changed_source(tmp_path, WEAKER[name])


def test_a_rule_that_moved_is_missed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds this passage 0 times"):
        changed_source(tmp_path, [Change("app.py", "a line that is nowhere", "")])


@pytest.mark.parametrize(
    ("use", "violations"),
    [
        (_done("signIn", 2.1, 3), 1),
        (_done("probe", 2.1, 3), 1),
        (_done("signIn", 1.9, 9), 0),
        (_done("signIn", 2.1, 3, Outcome.FAIL), 0),
        (_done("signIn", 2.1, 3, Outcome.UNKNOWN), 0),
    ],
    ids=["sign-in begun later", "session used later", "begun before", "refused", "unknown"],
)
def test_a_use_counts_against_a_revocation_only_when_it_began_after_the_answer(use: Operation, violations: int) -> None:
    assert len(uses_after_revocation(_history(_done("delete", 1, 2), use)).violations) == violations


def test_a_delete_of_unknown_end_forbids_nothing() -> None:
    history = _history(_done("delete", 1, 2, Outcome.UNKNOWN), _done("signIn", 3, 4))
    assert not uses_after_revocation(history).violations


def test_a_second_code_of_a_kind_needs_a_delete_in_between() -> None:
    first, second = _done("issue", 1, 2, detail="temporary a"), _done("issue", 5, 6, detail="temporary b")
    gone = _done("delete", 3, 4, Outcome.UNKNOWN, detail="temporary person")
    assert len(codes_beside_another(_history(first, second)).violations) == 1
    assert not codes_beside_another(_history(first, second, gone)).violations
