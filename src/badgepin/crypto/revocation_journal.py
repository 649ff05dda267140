"""The revocation journal: one append-only file for each node, outside of the database (security design 5.4).

Each line is `kid mac {json}`. The MAC covers the line before it too, so that no line can be changed, moved or taken
out of the middle. What is cut off at the end shows when the database knows a later place (`services/restoring.py`).
A line without its end is what a crash left of a record that nobody was told about; it is dropped.

Several processes of a node (the server, a command) may append: each takes the file's lock and reads what others wrote.
Several threads that append at once share one write and one fsync.
"""

import errno
import fcntl
import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from badgepin.crypto.key_ring import SymmetricKey
from badgepin.crypto.randomness import new_guid
from badgepin.domain.revocation import JournalRecord, Revocation, RevocationKind

_PURPOSE = b"badgepin/journal/v1\0"
_BEGIN, _MARK = "begin", "mark"
_TAIL = 64 * 1024


class JournalRefused(Exception):
    """The journal is not the one that was written; the sentence says where, and what to do."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    kind: str
    written_at: datetime
    tenant: str = ""
    subject: str = ""
    at: datetime | None = None
    other: str = ""
    version: int = 0
    failures: int = 0
    life: int = 0
    until: datetime | None = None


@dataclass(frozen=True)
class JournalContents:
    """A whole journal: whose it is, what was revoked, and the last mark that the database was seen to keep."""

    node: str
    records: tuple[JournalRecord, ...]
    last_seq: int
    beat: int


@dataclass
class _Waiting:
    revocations: Sequence[Revocation]
    is_done: bool = False
    error: OSError | None = None


@dataclass
class _End:
    """What a process knows of the file's end."""

    size: int = 0
    seq: int = 0
    mac: bytes = b""


@dataclass
class RevocationJournal:
    """Appends to the journal in `path`. `keys` answers the keys now, the first one in use.

    `identity` is a file elsewhere that remembers whose journal was here: where that is gone, none is begun anew.
    """

    path: Path
    keys: Callable[[], tuple[SymmetricKey, ...]]
    node: str = ""
    identity: Path | None = None
    is_failing: bool = False
    # when another process of this node, a command, was seen to have written
    others_wrote_at: datetime | None = None
    _queue: list[_Waiting] = field(default_factory=list)
    _queue_lock: threading.Lock = field(default_factory=threading.Lock)
    _file_lock: threading.Lock = field(default_factory=threading.Lock)
    _end: _End | None = None
    # it was there before: a file that is gone then must not be begun anew without a word
    _is_begun: bool = False
    _recent: list[tuple[datetime, int]] = field(default_factory=list)

    def begin(self) -> JournalContents:
        """Read the whole journal, making it where there is none. Raises `JournalRefused`, `OSError`."""
        with self._file_lock:
            if not self.path.exists():
                if self._remembered():
                    raise JournalRefused(self._gone())
                self._create()
            contents = read_journal(self.path, self.keys())
            self._recognise(contents.node)
            self._end, self.node, self._is_begun = None, contents.node, True
            return contents

    def append(self, revocations: Sequence[Revocation]) -> None:
        """Write these down; when this returns they are on the disk. Raises `OSError`."""
        mine = _Waiting(revocations)
        with self._queue_lock:
            self._queue.append(mine)
        with self._file_lock:
            # whoever held the lock before may have written ours with theirs
            if not mine.is_done:
                with self._queue_lock:
                    waiting, self._queue = self._queue, []
                self._flush(waiting)
        if mine.error is not None:
            raise OSError(mine.error.errno, mine.error.strerror or str(mine.error)) from mine.error

    def look(self) -> None:
        """Take in what other processes of this node have appended. Raises `OSError`."""
        with self._file_lock, self._noted():
            if self._end is not None and self.path.stat().st_size == self._end.size:
                return
            with self._locked() as descriptor:
                self._end = self._catch_up(descriptor)

    def mark(self, beat: int) -> None:
        """Remember that the database keeps mark `beat`. Raises `OSError`."""
        now = datetime.now(UTC)
        with self._file_lock:
            self._write([_Line(0, _MARK, now, version=beat)])

    def last_seq(self, *, before: timedelta = timedelta(0)) -> int:
        """The last place written by this process, or the last one that is older than `before`; 0: none."""
        until = datetime.now(UTC) - before
        with self._file_lock:
            if not before:
                return self._recent[-1][1] if self._recent else 0
            seqs = [seq for written_at, seq in self._recent if written_at <= until]
            if seqs:
                self._recent = [entry for entry in self._recent if entry[1] >= seqs[-1]]
        return seqs[-1] if seqs else 0

    def _flush(self, waiting: list[_Waiting]) -> None:
        now = datetime.now(UTC)
        lines = [_line_of(revocation, now) for each in waiting for revocation in each.revocations]
        error: OSError | None = OSError(0, "the journal was not written")
        try:
            if not self._is_begun and not self.path.exists():
                self._create()
            self._is_begun = True
            self._recent.append((now, self._write(lines)))
            error = None
        except OSError as problem:
            error = problem
        finally:
            # whatever happened, nobody who waits may take it for written
            for each in waiting:
                each.is_done, each.error = True, error

    def _write(self, lines: list[_Line]) -> int:
        with self._noted(), self._locked() as descriptor:
            end = self._catch_up(descriptor)
            key = self.keys()[0]
            text = b""
            for line in lines:
                end.seq += line.kind != _MARK
                body = msgspec.json.encode(msgspec.structs.replace(line, seq=end.seq))
                end.mac = _mac(key, end.mac, body)
                text += b"%s %s %s\n" % (key.kid.encode(), end.mac.hex().encode(), body)
            self._end = None
            try:
                _write_all(descriptor, text)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, end.size)
                raise
            end.size += len(text)
            self._end = end
            return end.seq

    @contextmanager
    def _locked(self) -> Iterator[int]:
        # opened each time: a file that was moved away or a volume that is gone must not swallow a record
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.is_failing = True
            raise
        self.is_failing = False

    def _catch_up(self, descriptor: int) -> _End:
        size = os.fstat(descriptor).st_size
        if self._end is not None and self._end.size == size:
            return self._end
        start = max(0, size - _TAIL)
        tail = os.pread(descriptor, size - start, start)
        whole = tail[: tail.rfind(b"\n") + 1]
        if not whole:
            raise OSError(0, f"{self.path} has no whole record at its end")
        if len(whole) < len(tail):
            os.ftruncate(descriptor, start + len(whole))
        *_, before, last = [b"", *whole.splitlines()]
        if not before and start:
            raise OSError(0, f"{self.path} has no whole record at its end")
        line, mac = _read_line(last, before, self.keys()) or (None, b"")
        if line is None:
            raise OSError(0, f"{self.path} was changed by somebody: its last record is not ours")
        if line.seq > (self._recent[-1][1] if self._recent else 0):
            # of several records the last one counts: whoever settles it settles those before
            self._recent.append((line.written_at, line.seq))
            self.others_wrote_at = line.written_at
        return _End(start + len(whole), line.seq, mac)

    def _remembered(self) -> str:
        if self.identity is None or not self.identity.exists():
            return ""
        return self.identity.read_text(encoding="ascii").strip()

    def _recognise(self, node: str) -> None:
        known = self._remembered()
        if known and known != node:
            raise JournalRefused(
                f"The revocation journal {self.path} is that of another node or an older one ({node}, and {known} was "
                f"here): put the right file back, or remove {self.identity} to go on with this one."
            )
        if self.identity is not None and not known:
            self.identity.write_text(f"{node}\n", encoding="ascii")

    def _gone(self) -> str:
        return (
            f"The revocation journal {self.path} of this node is gone: mount its volume, or put the newest copy back. "
            f"If it is lost for good, remove {self.identity}, and a new one begins (docs/backup.md)."
        )

    def _create(self) -> None:
        if self._remembered():
            raise FileNotFoundError(errno.ENOENT, self._gone(), str(self.path))
        key = self.keys()[0]
        body = msgspec.json.encode(_Line(0, _BEGIN, datetime.now(UTC), subject=new_guid()))
        text = b"%s %s %s\n" % (key.kid.encode(), _mac(key, b"", body).hex().encode(), body)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write_all(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # two processes may begin it at once: the first one's file stays
        with suppress(FileExistsError):
            os.link(fresh, self.path)
        fresh.unlink()
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._recognise(read_journal(self.path, self.keys()).node)


def read_journal(path: Path, keys: tuple[SymmetricKey, ...]) -> JournalContents:
    """A whole journal, every MAC checked. Raises `JournalRefused`, `OSError`."""
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    node, beat, seq, before = "", 0, 0, b""
    records: list[JournalRecord] = []
    for number, raw in enumerate(whole.splitlines(), start=1):
        found = _read_line(raw, before, keys)
        if found is None:
            raise JournalRefused(
                f"Line {number} of the revocation journal {path} is not what was written there: restore the file from "
                "a copy. Without it, codes that were revoked since the last backup cannot be told from others."
            )
        before, line = raw, found[0]
        if line.kind == _BEGIN:
            node = line.subject
        elif line.kind == _MARK:
            beat = max(beat, line.version)
        else:
            seq = line.seq
            records.append(JournalRecord(seq, _revocation_of(line)))
    if not node:
        raise JournalRefused(
            f"{path} is no revocation journal: restore it, or move it and `revocations.node` away to begin a new one."
        )
    return JournalContents(node, tuple(records), seq, beat)


def _read_line(raw: bytes, before: bytes, keys: tuple[SymmetricKey, ...]) -> tuple[_Line, bytes] | None:
    kid, _, rest = raw.partition(b" ")
    given, _, body = rest.partition(b" ")
    key = next((key for key in keys if key.kid.encode() == kid), None)
    try:
        mac, last = bytes.fromhex(given.decode()), bytes.fromhex(before.split(b" ")[1].decode()) if before else b""
        if key is None or not hmac.compare_digest(mac, _mac(key, last, body)):
            return None
        line = msgspec.json.decode(body, type=_Line)
    except (ValueError, IndexError, msgspec.DecodeError):
        return None
    known = line.kind in {_BEGIN, _MARK} or line.kind in set(RevocationKind)
    return (line, mac) if known else None


def _mac(key: SymmetricKey, before: bytes, body: bytes) -> bytes:
    return hmac.new(key.key, _PURPOSE + len(before).to_bytes(4) + before + body, hashlib.sha256).digest()


def _write_all(descriptor: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _line_of(revocation: Revocation, now: datetime) -> _Line:
    each = revocation
    return _Line(
        0,
        each.kind.value,
        now,
        each.tenant_id,
        each.subject,
        each.at,
        each.other,
        each.version,
        each.failures,
        each.life,
        each.until,
    )


def _revocation_of(line: _Line) -> Revocation:
    kind = RevocationKind(line.kind)
    return Revocation(
        kind, line.tenant, line.subject, line.at, line.other, line.version, line.failures, line.life, line.until
    )
