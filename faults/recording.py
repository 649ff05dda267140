"""A file system for SQLite that writes down every write and sync, in their order."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from faults.disk import Disk, Event, Kind

_NAME = "recording"


class _RecordingFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], disk: Disk) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        # a temporary file has no name, and nothing of it outlives a cut
        self._disk, self._file = disk, Path(path).name if path else None

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._note(Kind.WRITE, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        self._note(Kind.TRUNCATE, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._note(Kind.SYNC)

    def _note(self, kind: Kind, number: int = 0, data: bytes = b"") -> None:
        if self._file is not None:
            self._disk.events.append(Event(kind, self._file, number, data))


class _RecordingVFS(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__(_NAME, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _RecordingFile:  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path and not Path(path).exists():
            self._disk.events.append(Event(Kind.CREATE, Path(path).name))
        return _RecordingFile(name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001 - SQLite's name and its call
        super().xDelete(filename, syncdir)
        self._disk.events.append(Event(Kind.SYNC_FOLDER if syncdir else Kind.DELETE, Path(filename).name))


@contextmanager
def recorded(path: Path, disk: Disk) -> Iterator[apsw.Connection]:
    """A connection to a file whose every write is written down."""
    vfs = _RecordingVFS(disk)
    connection = apsw.Connection(str(path), vfs=_NAME)
    try:
        yield connection
    finally:
        # what closing writes comes after the last cut
        kept = len(disk.events)
        connection.close()
        del disk.events[kept:]
        vfs.unregister()
