"""The audit log's chain: every event linked to all before it, and what a verifier says (security design 9)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_SALT = 32
ROOT = bytes(32)
_PREFIX = b"\x01"
# erased on request; `personal_digest` stays and is in the chain
_OUTSIDE = frozenset({"personal", "personal_salt"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = Mapping[str, object]


def event_digest(row: Row) -> bytes:
    """SHA-256 of an event's columns as canonical JSON: names sorted, no blanks, UTF-8, instants in microseconds.

    A column without a value is left out, so that one added later changes no digest from before.
    """
    values = {name: _plain(value) for name, value in row.items() if name not in _OUTSIDE and value is not None}
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def link(seq: int, before: bytes, digest: bytes) -> bytes:
    """The chain's digest at `seq`: what was before, and this event."""
    return hashlib.sha256(_PREFIX + seq.to_bytes(8, "big") + before + digest).digest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


@dataclass(frozen=True)
class ChainRow:
    """An event's place in its tenant's chain, beginning with 1."""

    seq: int
    event_id: str
    event_digest: bytes
    chain_digest: bytes


@dataclass(frozen=True)
class Checkpoint:
    """What is signed: the chain of a tenant as it was at a moment.

    `number` counts the tenant's checkpoints, `count` the events since the one before. Events up to `purged_through`
    were forgotten on purpose.
    """

    tenant_id: str
    number: int
    seq: int
    chain_digest: str
    created_at: datetime
    count: int
    purged_through: int


class Verdict(StrEnum):
    """What a verification comes to."""

    HOLDS = "holds"
    MISMATCH = "mismatch"
    LOG_LONGER = "log longer than chain"
    CHAIN_LONGER = "chain longer than log"
    ANCHOR_MISMATCH = "anchor mismatch"


@dataclass(frozen=True)
class Finding:
    """A verdict that is not `HOLDS`: which event, when it happened, and both in words."""

    verdict: Verdict
    sentence: str
    seq: int | None = None
    event_id: str | None = None
    at: datetime | None = None


class ChainWalk:
    """Goes along a chain, one row at a time, and stops at the first that is wrong."""

    def __init__(self, purged_through: int = 0) -> None:
        self.purged_through = purged_through
        self.seq = 0
        self.digest = ROOT
        self.newest_at: datetime | None = None
        self.purged = 0
        self.erased = 0

    def step(self, row: ChainRow, event: Row | None) -> Finding | None:
        """Take the next row and its event (None: not in the log). Returns what is wrong with them."""
        expected = self.seq + 1
        if row.seq != expected:
            return Finding(
                Verdict.MISMATCH,
                f"Place {expected} of the chain is missing; place {row.seq} follows. Somebody removed it.",
                expected,
            )
        if event is None:
            if expected > self.purged_through:
                return _gone(row)
            self.purged += 1
        elif (found := self._compare(row, event)) is not None:
            return found
        digest = link(expected, self.digest, row.event_digest)
        if not hmac.compare_digest(digest, row.chain_digest):
            return _mismatch(row, event, "does not follow from the events before it. Somebody changed the chain there")
        self.seq, self.digest = expected, digest
        return None

    def _compare(self, row: ChainRow, event: Row) -> Finding | None:
        if not hmac.compare_digest(event_digest(event), row.event_digest):
            return _mismatch(row, event, "is not what was recorded. Somebody changed it")
        if not _is_personal_intact(event):
            return _mismatch(row, event, "bears other names or addresses than were recorded. Somebody changed them")
        self.erased += event.get("personal") is None
        at = _occurred_at(event)
        self.newest_at = at if self.newest_at is None or (at and at > self.newest_at) else self.newest_at
        return None

    def end(self, head: int) -> Finding | None:
        """The chain ends here, and once reached `head`."""
        if self.seq < head:
            return Finding(
                Verdict.MISMATCH, f"The chain reached {head} and ends at {self.seq} now: it was cut.", self.seq + 1
            )
        return None


def _is_personal_intact(event: Row) -> bool:
    personal, salt, kept = event.get("personal"), event.get("personal_salt"), event.get("personal_digest")
    if personal is None or salt is None:
        return personal is None and salt is None
    if not isinstance(salt, bytes | memoryview) or not isinstance(kept, bytes | memoryview):
        return False
    digest = hashlib.sha256(bytes(salt) + str(personal).encode()).digest()
    # a longer salt could swallow what it salts, and the digest would stay
    return len(bytes(salt)) == _SALT and hmac.compare_digest(digest, bytes(kept))


def unreadable(seq: int) -> Finding:
    """The place in the chain, or its event, holds a value of a kind that is never written here."""
    what = f"Place {seq} of the chain, or its event, holds what was never written here. Somebody changed it."
    return Finding(Verdict.MISMATCH, what, seq)


def _occurred_at(event: Row | None) -> datetime | None:
    at = event["occurred_at"] if event else None
    return at if isinstance(at, datetime) else None


def _mismatch(row: ChainRow, event: Row | None, what: str) -> Finding:
    at = _occurred_at(event)
    moment = f" of {say(at)}" if at else ""
    return Finding(
        Verdict.MISMATCH,
        f"Event {row.seq}{moment} ({row.event_id}) {what}: compare it with a backup or an export.",
        row.seq,
        row.event_id,
        at,
    )


def _gone(row: ChainRow) -> Finding:
    return Finding(
        Verdict.CHAIN_LONGER,
        f"Event {row.seq} ({row.event_id}) was recorded and is gone, and no signed checkpoint says that it was purged: "
        "restore it from a backup or an export.",
        row.seq,
        row.event_id,
    )


def unchained(event_id: str, at: datetime) -> Finding:
    """An event that is in the log and not in the chain."""
    return Finding(
        Verdict.LOG_LONGER,
        f"Event {event_id} of {say(at)} is in the log and not in the chain. Either no server has run since, or "
        "somebody added it by hand: start the server, look again after a minute.",
        None,
        event_id,
        at,
    )


def lost_before_chained(event_id: str) -> Finding:
    """An event that waited for its place in the chain and is gone."""
    return Finding(
        Verdict.CHAIN_LONGER,
        f"Event {event_id} was recorded and removed before it got its place in the chain: restore it from a backup.",
        None,
        event_id,
    )


def judge_checkpoint(
    checkpoint: Checkpoint, chained: bytes | None, head: int, *, origin: str, is_stored: bool
) -> Finding | None:
    """Compare a signed checkpoint with the chain's digest at its place (None: no such place).

    `is_stored`: the database has this very checkpoint, as it had when it was pushed elsewhere.
    """
    signed = f"The checkpoint that {origin} holds, signed {say(checkpoint.created_at)}, says"
    if chained is None and checkpoint.seq:
        return _anchor(
            f"{signed} that the log had {checkpoint.seq} events; it has {head}. The newest were cut off, or an older "
            "backup was restored.",
            checkpoint,
        )
    if (chained or ROOT).hex() != checkpoint.chain_digest:
        return _anchor(
            f"{signed} something else about the events up to {checkpoint.seq}. They were replaced after that: compare "
            "them with a backup or an export.",
            checkpoint,
        )
    if not is_stored:
        return _anchor(
            f"{signed} what the chain says, but the database has lost or replaced it: ask who removed checkpoints.",
            checkpoint,
        )
    return None


class CheckpointSeries:
    """Goes along the checkpoints that the database keeps of one tenant: numbered without a gap, in order."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self.latest: Checkpoint | None = None

    @property
    def purged_through(self) -> int:
        """How far events were forgotten on purpose."""
        return self.latest.purged_through if self.latest else 0

    def step(self, number: int, checkpoint: Checkpoint | None, *, is_as_signed: bool) -> Finding | None:
        """Take the next one: None when its signature is wrong; `is_as_signed` says that the row agrees with it."""
        expected = self.latest.number + 1 if self.latest else 1
        if checkpoint is None or not is_as_signed or checkpoint.tenant_id != self._tenant_id:
            sentence = f"Checkpoint {number} in the database is not as it was signed: ask who changed it."
            return Finding(Verdict.ANCHOR_MISMATCH, sentence)
        if number != expected or not self._follows(checkpoint):
            return _anchor(f"Checkpoint {expected} is missing in the database: ask who removed it.", checkpoint)
        self.latest = checkpoint
        return None

    def _follows(self, checkpoint: Checkpoint) -> bool:
        seq = self.latest.seq if self.latest else 0
        return checkpoint.seq - checkpoint.count == seq and checkpoint.purged_through >= self.purged_through


def bad_signature(origin: str, line: int) -> Finding:
    """A checkpoint that nobody of us signed."""
    return Finding(
        Verdict.ANCHOR_MISMATCH,
        f"The checkpoint in line {line} of {origin} was not signed by this installation's audit key: it was forged.",
    )


def _anchor(sentence: str, checkpoint: Checkpoint) -> Finding:
    return Finding(Verdict.ANCHOR_MISMATCH, sentence, checkpoint.seq, None, checkpoint.created_at)


def say(moment: datetime) -> str:
    """An instant in words: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
