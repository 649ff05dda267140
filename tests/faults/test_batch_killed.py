"""A server that is killed in the middle of a batch leaves nothing that works, and the next start says so."""

from pathlib import Path

from faults.batch_killed import killed

PEOPLE = 14


def test_nothing_of_a_batch_whose_server_was_killed_works_and_the_next_start_takes_it_back(tmp_path: Path) -> None:
    left = killed(tmp_path, PEOPLE, at=2)
    assert 2 <= left.made < PEOPLE
    assert left.active == 0
    assert left.is_told
    assert left.results == {"takenBack": left.made, "notDone": PEOPLE - left.made}
    assert left.could_begin_anew
    assert (left.unrevoked, left.pieces) == (0, 0)
