"""The model of a disk behind `make faults ARGS="power-cut"`: what was synced is there, what was not may be."""

import random

from faults.disk import Disk, Event, Kind

WRITE = Event(Kind.WRITE, "db", 0, b"new" * 512)
SYNC = Event(Kind.SYNC, "db")


def _left(*events: Event, before: dict[str, bytes] | None = None) -> list[dict[str, bytes]]:
    disk = Disk({"db": b"old" * 512} if before is None else before, list(events))
    return [image.files for image in disk.images(1000, random.Random(1))]


def test_a_write_that_was_not_synced_is_gone_or_torn_at_a_sector() -> None:
    nothing, half = _left(WRITE)
    assert nothing == {"db": b"old" * 512}
    sectors = {half["db"][start : start + 512] for start in range(0, 1536, 512)}
    assert sectors <= {(text * 512)[start : start + 512] for text in (b"old", b"new") for start in range(0, 1536, 512)}


def test_a_write_that_was_synced_is_there_whole() -> None:
    assert _left(WRITE, SYNC)[2:] == [{"db": b"new" * 512}] * 2


def test_a_removed_file_is_back_until_its_folder_is_synced() -> None:
    assert _left(Event(Kind.DELETE, "db"))[0] == {"db": b"old" * 512}
    assert _left(Event(Kind.SYNC_FOLDER, "db"))[0] == {}


def test_the_first_sync_of_a_new_file_settles_every_name_in_the_folder() -> None:
    new = (Event(Kind.CREATE, "wal"), Event(Kind.WRITE, "wal", 0, b"x"), Event(Kind.SYNC, "wal"))
    assert _left(Event(Kind.DELETE, "db"), *new)[-2:] == [{"wal": b"x"}] * 2


def test_what_was_acknowledged_is_counted_from_the_moment_on() -> None:
    disk = Disk({"db": b""}, [WRITE, SYNC, Event(Kind.ACKNOWLEDGED, number=1)])
    assert [image.acknowledged for image in disk.images(1000, random.Random(1))] == [0, 0, 0, 0, 1, 1]
