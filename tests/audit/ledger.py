"""A tenant's audit log with its chain, and ways to look at it after somebody was at the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from badgepin.cli.audit_verification import AnchorFile, Report, Trust, Verification
from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.domain.audit import Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.audit_chain import Checkpoint
from badgepin.domain.caller import Call, Caller, Standing
from badgepin.services import audit_chain as services
from badgepin.store import audit
from badgepin.store.audit_tables import audit_chain
from badgepin.store.transaction import Transaction
from badgepin.web.audit_anchors import FILE, Anchors
from tests.graph.world import CLIENT, TENANT, World, guid

T = TypeVar("T")
MANAGER = Standing(guid("manager"), "Manager", "manager@contoso.example")


class _Undone(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass
class Ledger:
    """The log, and the file of anchors beside it."""

    world: World
    folder: Path
    key: CheckpointKey = field(init=False)
    anchors: Anchors = field(init=False)

    def __post_init__(self) -> None:
        """Open what a node has."""
        self.key = CheckpointKey(self.world.installation.keys)
        self.anchors = Anchors(self.folder, ())

    @property
    def files(self) -> list[AnchorFile]:
        """The anchors that a node writes beside its log."""
        path = self.folder / FILE
        return [AnchorFile(path, is_shared=False)] if path.exists() else []

    def rows(self, count: int, tenant_id: str = TENANT) -> list[dict[str, Any]]:
        """Events that happen now, a second apart, as the store keeps them."""
        made = []
        for number in range(count):
            self.world.clock.move(seconds=1)
            caller = Caller(tenant_id, CLIENT, guid("manager"), frozenset(), 1)
            call = Call(caller, self.world.clock.now, guid(f"call {self.world.clock.now}"), "192.0.2.7")
            made.append(audit.row_of(call, MANAGER, _event(number)))
        return made

    def append(self, count: int, tenant_id: str = TENANT) -> None:
        """Record events."""
        self.world.transact(lambda tx: audit.append_rows(tx, self.rows(count, tenant_id)))

    def chain(self) -> int:
        """Give every waiting event its place."""
        return self.world.transact(services.chain_portion)

    def sign(self) -> list[Checkpoint]:
        """Sign what is new after a minute, and push it to the file."""
        self.world.clock.move(seconds=60)
        now = self.world.clock.now
        signed = self.world.transact(lambda tx: services.sign_due(tx, self.key, now))
        self.anchors.push(self.world.transact(lambda tx: services.list_newest_tokens(tx, self.key)))
        return signed

    def verify(self, files: Sequence[AnchorFile] | None = None) -> Report:
        """Verify the log as it is."""
        return self.world.transact(lambda tx: self.verify_in(tx, files))

    def verify_in(self, tx: Transaction, files: Sequence[AnchorFile] | None = None) -> Report:
        """Verify what a transaction sees."""

        async def read(work: Callable[[Transaction], T]) -> T:
            return work(tx)

        trust = Trust(self.key, self.world.clock.now, self.files if files is None else files)
        return run_at_once(Verification(read, trust, TENANT).run())

    def after(self, tampering: Callable[[Transaction], Any], files: Sequence[AnchorFile] | None = None) -> Report:
        """Verify after somebody tampered, then take the tampering back."""

        def work(tx: Transaction) -> None:
            tampering(tx)
            raise _Undone(self.verify_in(tx, files))

        try:
            self.world.transact(work)
        except _Undone as undone:
            report: Report = undone.value
            return report
        raise AssertionError

    def places(self) -> list[tuple[int, str]]:
        """The chain: place and event."""
        rows = [row for row in self.world.rows(audit_chain) if row["tenant_id"] == TENANT]
        return sorted((row["seq"], row["event_id"]) for row in rows)


def run_at_once(work: Awaitable[T]) -> T:
    """Run a coroutine that waits for nothing."""
    try:
        work.__await__().send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError


def _event(number: int) -> AuditEvent:
    return AuditEvent(
        activity=Activity.UPDATE_USER,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=guid("worker"),
        target_name="Worker Ünïcode",
        target_user_principal_name="worker@contoso.example",
        result_reason="as asked",
        changes=(Change("department", "Bakery", f"Fish {number}"),),
        details=(("Reason", "moved"),),
        handle="AB2C" if number % 2 else None,
    )
