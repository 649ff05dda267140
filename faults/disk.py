"""What a disk may hold after a power cut: everything that was synced, and of the rest any part, or nothing."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

_SECTOR = 512


class Kind(Enum):
    """What a program did to a file, or that it had acknowledged one more change."""

    CREATE = "create"
    WRITE = "write"
    TRUNCATE = "truncate"
    DELETE = "delete"
    SYNC = "sync"
    SYNC_FOLDER = "delete and sync the folder"
    ACKNOWLEDGED = "acknowledged"


_NAMES = {Kind.CREATE, Kind.DELETE, Kind.SYNC_FOLDER}


@dataclass(frozen=True)
class Event:
    """One step: `number` is the offset of a write, the size of a truncation, or how many changes were acknowledged."""

    kind: Kind
    file: str = ""
    number: int = 0
    data: bytes = b""


@dataclass
class _File:
    durable: bytes | None
    pending: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Image:
    """The files after a cut at one place of the recording, and how many changes were acknowledged before it."""

    files: dict[str, bytes]
    acknowledged: int


@dataclass
class Disk:
    """Files as they were at the beginning, and everything done to them since."""

    before: dict[str, bytes]
    events: list[Event] = field(default_factory=list)

    def images(self, most: int, chance: random.Random) -> Iterator[Image]:
        """After a step two images: nothing of what was not synced, and a random half of its sectors.

        After each step where that makes no more than `most`, else after so many in equal distances.
        """
        distance = max(1.0, 2 * len(self.events) / most)
        following = 0.0
        files = {name: _File(content) for name, content in self.before.items()}
        acknowledged = 0
        for number, event in enumerate(self.events):
            if event.kind is Kind.ACKNOWLEDGED:
                acknowledged = event.number
            else:
                _do(files, event)
            if number >= following:
                following += distance
                yield Image(_kept(files, None), acknowledged)
                yield Image(_kept(files, chance), acknowledged)


def _do(files: dict[str, _File], event: Event) -> None:
    file = files.setdefault(event.file, _File(None))
    if event.kind is Kind.SYNC:
        # SQLite syncs the folder with the first sync of a journal that it has made
        is_new = any(each.kind is Kind.CREATE for each in file.pending)
        file.durable = _after(file.durable, file.pending)
        file.pending.clear()
        if is_new:
            _sync_names(files)
    elif event.kind is Kind.SYNC_FOLDER:
        file.pending.append(event)
        _sync_names(files)
    else:
        file.pending.append(event)


def _sync_names(files: dict[str, _File]) -> None:
    """The folder is synced: which names there are is settled, what is in the files is not."""
    for file in files.values():
        last = max((place for place, each in enumerate(file.pending) if each.kind in _NAMES), default=None)
        if last is not None:
            is_there = file.pending[last].kind is Kind.CREATE
            file.durable = b"" if is_there else None
            del file.pending[: last + 1]


def _kept(files: dict[str, _File], chance: random.Random | None) -> dict[str, bytes]:
    found = {
        name: file.durable if chance is None else _after(file.durable, list(_half(file.pending, chance)))
        for name, file in files.items()
    }
    return {name: content for name, content in found.items() if content is not None}


def _half(pending: list[Event], chance: random.Random) -> Iterator[Event]:
    for event in pending:
        if event.kind is not Kind.WRITE:
            if chance.random() < 0.5:
                yield event
            continue
        for start in range(0, len(event.data), _SECTOR):
            if chance.random() < 0.5:
                yield Event(Kind.WRITE, event.file, event.number + start, event.data[start : start + _SECTOR])


def _after(content: bytes | None, events: list[Event]) -> bytes | None:
    made = None if content is None else bytearray(content)
    for event in events:
        if event.kind in {Kind.DELETE, Kind.SYNC_FOLDER}:
            made = None
        elif event.kind is Kind.CREATE:
            made = made if made is not None else bytearray()
        elif made is None:
            # the name never reached the disk
            continue
        elif event.kind is Kind.TRUNCATE:
            del made[event.number :]
        else:
            made.extend(bytes(max(0, event.number - len(made))))
            made[event.number : event.number + len(event.data)] = event.data
    return None if made is None else bytes(made)
