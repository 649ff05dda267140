"""The journal is written before the revocation, whole lines only, and shows what somebody did to it."""

import asyncio
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from badgepin.crypto.key_ring import KeyRing, journal_keys
from badgepin.crypto.revocation_journal import JournalRefused, RevocationJournal, read_journal
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store.tables import qr_codes
from badgepin.store.transaction import open_database
from tests.graph.world import TENANT
from tests.restoring.conftest import Site


def _code(name: str) -> Revocation:
    return Revocation(RevocationKind.CODE, TENANT, name)


@pytest.fixture
def journal(tmp_path: Path, ring: KeyRing) -> RevocationJournal:
    made = RevocationJournal(tmp_path / "journal", lambda: journal_keys(ring))
    made.begin()
    return made


def _subjects(journal: RevocationJournal) -> list[str]:
    return [each.revocation.subject for each in read_journal(journal.path, journal.keys()).records]


def test_a_revocation_that_cannot_be_written_down_does_not_happen(site: Site) -> None:
    site.world.create_method()
    site.world.create_temporary()
    path = site.world.method_path("worker", "/temporaryQRCode")
    aside = site.journal.path.rename(site.folder / "aside")
    refused = site.world.request("DELETE", path, token=site.world.admin)
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    assert all(row["revoked_at"] is None for row in site.world.rows(qr_codes))

    aside.rename(site.journal.path)
    assert site.world.request("DELETE", path, token=site.world.admin).status_code == 204


def test_the_record_is_on_the_disk_before_the_code_is_dead(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.world.create_method()
    site.world.create_temporary()
    seen: list[bool] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        text = site.journal.path.read_bytes()
        if b'"kind":"code"' in text:
            seen.append(b'"kind":"code"' in text)
            database = site.world.installation.database
            seen.append(database.dialect == "sqlite" or _is_live(site))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    path = site.world.method_path("worker", "/temporaryQRCode")
    assert site.world.request("DELETE", path, token=site.world.admin).status_code == 204
    assert seen
    assert all(seen)


def _is_live(site: Site) -> bool:
    # from another connection, while the request waits for its disk
    async def look() -> bool:
        database = open_database(site.world.installation.settings.database_url)
        try:
            rows = await database.read(lambda tx: tx.execute(qr_codes.select()).all())
            return all(row.revoked_at is None for row in rows)
        finally:
            await database.close()

    return asyncio.run(look())


def test_a_record_cut_off_by_a_crash_is_dropped_and_the_next_one_kept(journal: RevocationJournal) -> None:
    journal.append([_code("one"), _code("two")])
    whole = journal.path.read_bytes()
    for cut in range(len(whole) - 40, len(whole)):
        journal.path.write_bytes(whole[:cut])
        assert _subjects(journal) == ["one"]
        fresh = RevocationJournal(journal.path, journal.keys)
        fresh.append([_code("three")])
        assert _subjects(journal) == ["one", "three"]


def _changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"one", b"eno"), *lines[2:]]


TAMPERED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a changed record": _changed,
    "a record taken out": lambda lines: [lines[0], *lines[2:]],
    "two records swapped": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a record written twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "no beginning": lambda lines: lines[1:],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_with_the_journal_stops_the_start(journal: RevocationJournal, how: str) -> None:
    journal.append([_code("one"), _code("two"), _code("three")])
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(TAMPERED[how](lines)))
    with pytest.raises(JournalRefused, match=r"restore|begin"):
        journal.begin()


def test_several_writers_at_once_lose_nothing_and_share_their_syncs(
    journal: RevocationJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    sync = os.fsync

    def counted(descriptor: int) -> None:
        syncs.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    other = RevocationJournal(journal.path, journal.keys)
    writers = [(each, f"{number}") for number in range(100) for each in (journal, other)]
    threads = [threading.Thread(target=each.append, args=([_code(name)],)) for each, name in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(_subjects(journal)) == sorted(name for _, name in writers)
    seqs = [each.seq for each in read_journal(journal.path, journal.keys()).records]
    assert seqs == list(range(1, 201))
    assert len(syncs) <= 200


def test_asking_for_the_last_place_forgets_no_older_one(journal: RevocationJournal) -> None:
    journal.append([_code("old")])
    journal.append([_code("new")])
    (written_at, first), latest = journal._recent
    journal._recent = [(written_at - timedelta(minutes=2), first), latest]
    assert journal.last_seq() == 2
    assert journal.last_seq(before=timedelta(minutes=1)) == 1
