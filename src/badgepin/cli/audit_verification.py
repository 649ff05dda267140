"""Verifying a tenant's audit log from beginning to end, a portion at a time, while the server works."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.jws_header import read_jws_claims
from badgepin.domain.audit_chain import (
    ChainWalk,
    Checkpoint,
    CheckpointSeries,
    Finding,
    Verdict,
    bad_signature,
    judge_checkpoint,
    lost_before_chained,
    unchained,
    unreadable,
)
from badgepin.services.audit_chain import find_purged_through
from badgepin.store import audit_chain, audit_checkpoint
from badgepin.store.transaction import Transaction
from badgepin.web.audit_anchors import read_anchors

T = TypeVar("T")
_PORTION = 1000
_LATE = timedelta(minutes=1)
DATABASE = "the database"


class Reader(Protocol):
    """Runs work that only reads: `Database.read`."""

    def __call__(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run it."""
        ...


@dataclass(frozen=True)
class AnchorFile:
    """A file of checkpoints from outside the database; `is_shared` when other installations may write to it too."""

    path: Path
    is_shared: bool


@dataclass(frozen=True)
class Trust:
    """What a log is compared with: our key, the time now, and the files of checkpoints."""

    key: CheckpointKey
    now: datetime
    files: Sequence[AnchorFile] = ()


@dataclass(frozen=True)
class Report:
    """What a verification found in one tenant; `finding` is None when the chain holds.

    `anchored` counts checkpoints outside the database, `anchored_elsewhere` those of them in shared files.
    """

    tenant_id: str
    finding: Finding | None
    events: int
    newest_at: datetime | None
    purged: int
    erased: int
    waiting: int
    checkpoints: int
    anchored: int
    anchored_elsewhere: int
    signed_seq: int

    @property
    def verdict(self) -> Verdict:
        """In one word or a few."""
        return self.finding.verdict if self.finding else Verdict.HOLDS


def tenants_of(files: Sequence[AnchorFile], key: CheckpointKey) -> set[str]:
    """Every tenant that the checkpoints of some files speak of; those of shared files only where we signed them.

    Raises `OSError`.
    """
    named = (
        read_jws_claims(token).get("tenant_id")
        for file in files
        for _, token in read_anchors(file.path)
        if not file.is_shared or key.read(token) is not None
    )
    return {name for name in named if isinstance(name, str)}


# what a value of a kind that we never write makes Python say
_STRANGE = (TypeError, ValueError, OverflowError, MemoryError, AttributeError)


class Verification:
    """One tenant's log against its chain, its checkpoints, and the checkpoints kept elsewhere."""

    def __init__(self, read: Reader, trust: Trust, tenant_id: str) -> None:
        self._read, self._trust, self._tenant_id = read, trust, tenant_id
        self._waiting = self._checkpoints = self._anchored = self._elsewhere = self._purged_through = 0

    async def run(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Report:
        """Verify. The first finding along the log counts more than one about its checkpoints."""
        series, stored = await self._look_at_checkpoints()
        self._purged_through = series.purged_through
        anchored = await self._look_at_anchors()
        walk, walked = ChainWalk(self._purged_through), None
        try:
            walked = await self._walk(walk, progress)
        except _STRANGE:
            walked = unreadable(walk.seq + 1)
        finding = walked or await self._look_for_lost() or await self._look_for_unchained() or stored or anchored
        return Report(
            tenant_id=self._tenant_id,
            finding=finding,
            events=walk.seq,
            newest_at=walk.newest_at,
            purged=walk.purged,
            erased=walk.erased,
            waiting=self._waiting,
            checkpoints=self._checkpoints,
            anchored=self._anchored,
            anchored_elsewhere=self._elsewhere,
            signed_seq=series.latest.seq if series.latest else 0,
        )

    async def _walk(self, walk: ChainWalk, progress: Callable[[int, int], None]) -> Finding | None:
        head = (await self._read(lambda tx: audit_chain.head_of(tx, self._tenant_id))).seq
        after: int | None = None
        # what comes after that is for the next time: a busy server must not keep us going for ever
        while walk.seq < head and (rows := await self._portion(after)):
            for row, event in rows:
                finding = walk.step(row, event)
                if finding is not None and event is None:
                    # it may have been purged while we were on our way
                    walk.purged_through = await self._read(self._find_purged_through)
                    finding = walk.step(row, event)
                if finding is not None:
                    return finding
            after = rows[-1][0].seq
            progress(after, head)
        return walk.end(head)

    async def _portion(self, after: int | None) -> list[audit_chain.Step]:
        return await self._read(lambda tx: audit_chain.walk(tx, self._tenant_id, after=after, limit=_PORTION))

    def _find_purged_through(self, tx: Transaction) -> int:
        return max(self._purged_through, find_purged_through(tx, self._trust.key, self._tenant_id))

    async def _look_for_lost(self) -> Finding | None:
        lost = await self._read(lambda tx: audit_chain.find_lost(tx, self._tenant_id))
        return None if lost is None else lost_before_chained(lost)

    async def _look_for_unchained(self) -> Finding | None:
        after: audit_chain.Placed | None = None
        while (after is None or after.occurred_at < self._trust.now) and (placed := await self._placed(after)):
            for event in placed:
                if event.is_chained:
                    continue
                if not event.is_waiting or event.occurred_at < self._trust.now - _LATE:
                    return unchained(event.id, event.occurred_at)
                self._waiting += 1
            after = placed[-1]
        return None

    async def _placed(self, after: audit_chain.Placed | None) -> list[audit_chain.Placed]:
        return await self._read(lambda tx: audit_chain.list_placed(tx, self._tenant_id, after=after, limit=_PORTION))

    async def _look_at_checkpoints(self) -> tuple[CheckpointSeries, Finding | None]:
        series, after, first = CheckpointSeries(self._tenant_id), None, None
        while rows := await self._checkpoint_portion(after):
            for kept, chained in rows:
                checkpoint = self._trust.key.read(kept.token)
                is_as_signed = checkpoint is not None and kept.says(checkpoint)
                finding = series.step(kept.number, checkpoint, is_as_signed=is_as_signed)
                if finding is None and checkpoint is not None:
                    self._checkpoints += 1
                    finding = await self._judge(checkpoint, chained, origin=DATABASE, is_stored=True)
                first = first or finding
            after = rows[-1][0].number
        return series, first

    async def _checkpoint_portion(self, after: int | None) -> list[audit_checkpoint.Signed]:
        return await self._read(
            lambda tx: audit_checkpoint.list_with_chain(tx, self._tenant_id, after=after, limit=_PORTION)
        )

    async def _look_at_anchors(self) -> Finding | None:
        first = None
        for file in self._trust.files:
            tokens = read_anchors(file.path)
            while portion := list(islice(tokens, _PORTION)):
                first = first or await self._look_at_lines(file, self._ours(file, portion))
        return first

    def _ours(self, file: AnchorFile, portion: list[tuple[int, str]]) -> Iterator[tuple[int, str, Checkpoint | None]]:
        key = self._trust.key
        for line, token in portion:
            if read_jws_claims(token).get("tenant_id") == self._tenant_id:
                checkpoint = key.read(token)
                if checkpoint is not None or not (file.is_shared and key.is_anothers(token)):
                    yield line, token, checkpoint

    async def _look_at_lines(
        self, file: AnchorFile, lines: Iterator[tuple[int, str, Checkpoint | None]]
    ) -> Finding | None:
        signed = []
        for line, token, checkpoint in lines:
            if checkpoint is None:
                return bad_signature(str(file.path), line)
            signed.append((checkpoint, token))
            self._purged_through = max(self._purged_through, checkpoint.purged_through)
        self._anchored += len(signed)
        self._elsewhere += len(signed) if file.is_shared else 0
        seqs, numbers = {each.seq for each, _ in signed}, {each.number for each, _ in signed}
        chained = await self._read(lambda tx: audit_chain.digests_at(tx, self._tenant_id, seqs))
        kept = await self._read(lambda tx: audit_checkpoint.tokens_at(tx, self._tenant_id, numbers))
        for checkpoint, token in signed:
            is_stored = kept.get(checkpoint.number) == token
            at = chained.get(checkpoint.seq)
            finding = await self._judge(checkpoint, at, origin=str(file.path), is_stored=is_stored)
            if finding is not None:
                return finding
        return None

    async def _judge(
        self, checkpoint: Checkpoint, chained: bytes | None, *, origin: str, is_stored: bool
    ) -> Finding | None:
        finding = judge_checkpoint(checkpoint, chained, 0, origin=origin, is_stored=is_stored)
        if finding is None:
            return None
        head = await self._read(lambda tx: audit_chain.head_of(tx, self._tenant_id))
        return judge_checkpoint(checkpoint, chained, head.seq, origin=origin, is_stored=is_stored)
