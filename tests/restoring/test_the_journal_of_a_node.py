"""A node's journal is noticed when commands write into it, and missed when it is gone."""

from pathlib import Path

import pytest

from badgepin.crypto.key_ring import KeyRing, journal_keys
from badgepin.crypto.revocation_journal import JournalRefused, RevocationJournal, read_journal
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.services.restoring import mark_of
from badgepin.store.node import Mark
from badgepin.web.journal_keeper import JournalKeeper, note_the_end
from badgepin.web.vitals import Vitals
from tests.graph.world import TENANT
from tests.restoring.conftest import Site


def _code(name: str) -> Revocation:
    return Revocation(RevocationKind.CODE, TENANT, name)


def _mark(site: Site) -> Mark:
    return site.world.transact(lambda tx: mark_of(tx, site.journal.node))


def _marks_of_a_command(site: Site) -> int:
    """How many marks follow when a command revokes something."""
    keeper = JournalKeeper(site.world.installation, site.journal)
    for _ in range(2):
        site.world.run(keeper.beat())
    before = _mark(site)
    site.world.run(keeper.beat())
    assert _mark(site) == before
    RevocationJournal(site.journal.path, site.journal.keys).append([_code("by a command")])
    for _ in range(2):
        site.world.run(keeper.beat())
    return _mark(site).beat - before.beat


def test_what_a_command_revokes_is_marked_at_the_next_beat(site: Site) -> None:
    assert _marks_of_a_command(site) == 1


def test_the_control_a_keeper_that_does_not_look_waits_for_ten_minutes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RevocationJournal, "look", lambda _: None)
    assert _marks_of_a_command(site) == 0


def test_a_node_that_stops_settles_its_own_records_and_none_that_a_command_may_be_at_work_on(site: Site) -> None:
    site.journal.append([_code("its own")])
    site.world.run(note_the_end(site.world.installation))
    assert _mark(site).seq == 1
    RevocationJournal(site.journal.path, site.journal.keys).append([_code("by a command")])
    site.world.run(note_the_end(site.world.installation))
    assert _mark(site).seq == 1


@pytest.fixture
def kept(tmp_path: Path, ring: KeyRing) -> RevocationJournal:
    """A journal on a volume of its own, and its node's memory of it."""
    (tmp_path / "volume").mkdir()
    path, identity = tmp_path / "volume" / "journal", tmp_path / "revocations.node"
    made = RevocationJournal(path, lambda: journal_keys(ring), identity=identity)
    made.begin()
    made.append([_code("one")])
    return made


def _started(kept: RevocationJournal) -> RevocationJournal:
    return RevocationJournal(kept.path, kept.keys, identity=kept.identity)


def test_a_journal_that_is_gone_is_not_begun_anew_without_a_word(kept: RevocationJournal) -> None:
    assert _started(kept).begin().node == kept.node
    whole = kept.path.read_bytes()
    kept.path.unlink()
    with pytest.raises(JournalRefused, match="is gone"):
        _started(kept).begin()
    # a command that begins one, where there was none
    with pytest.raises(OSError, match="is gone"):
        _started(kept).append([_code("two")])
    assert not kept.path.exists()
    # the volume is back
    kept.path.write_bytes(whole)
    _started(kept).append([_code("two")])
    # lost for good, and somebody said so
    kept.path.unlink()
    assert kept.identity is not None
    kept.identity.unlink()
    assert _started(kept).begin().records == ()
    assert kept.identity.read_text().strip() == _started(kept).begin().node


def test_the_control_a_node_without_a_memory_begins_anew(kept: RevocationJournal) -> None:
    kept.path.unlink()
    assert RevocationJournal(kept.path, kept.keys).begin().records == ()


def test_the_journal_of_another_node_is_not_taken_for_ones_own(kept: RevocationJournal, tmp_path: Path) -> None:
    other = RevocationJournal(tmp_path / "other", kept.keys)
    other.begin()
    kept.path.write_bytes(other.path.read_bytes())
    with pytest.raises(JournalRefused, match="another node"):
        _started(kept).begin()


def test_a_journal_that_a_command_begins_is_remembered_too(kept: RevocationJournal) -> None:
    assert kept.identity is not None
    kept.path.unlink()
    kept.identity.unlink()
    _started(kept).append([_code("one")])
    assert kept.identity.read_text().strip() == read_journal(kept.path, kept.keys()).node
    assert len(_started(kept).begin().records) == 1


def test_a_journal_that_cannot_be_used_is_measured_until_it_can(site: Site) -> None:
    vitals, keeper = Vitals(site.world.installation), JournalKeeper(site.world.installation, site.journal)

    def failing() -> float:
        return next(each.samples[0].value for each in vitals.collect() if each.name == "badgepin_journal_failing")

    site.world.run(keeper.beat())
    assert failing() == 0
    aside = site.journal.path.rename(site.folder / "aside")
    with pytest.raises(OSError, match="journal"):
        site.world.run(keeper.beat())
    assert failing() == 1
    aside.rename(site.journal.path)
    site.world.run(keeper.beat())
    assert failing() == 0
