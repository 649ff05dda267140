"""What a node does for the log as long as it runs: places, checkpoints, anchors, retention."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from badgepin.app import Application
from badgepin.cli.audit_verification import AnchorFile
from badgepin.domain.audit_chain import Verdict
from badgepin.services import audit_chain as services
from badgepin.store import audit
from badgepin.store import audit_chain as store
from badgepin.store.audit_tables import audit_chain, audit_checkpoints
from badgepin.store.tables import audit_events
from badgepin.web.audit_anchors import FILE, Anchors, read_anchors
from badgepin.web.audit_keeper import AuditKeeper, run_keeper
from tests.audit.ledger import Ledger
from tests.graph.world import TENANT


def keeper_of(ledger: Ledger, **settings: Any) -> AuditKeeper:
    """A node's keeper, whose data folder is the ledger's."""
    installation = ledger.world.installation
    chosen = msgspec.structs.replace(installation.settings, data=str(ledger.folder), **settings)
    return AuditKeeper(replace(installation, settings=chosen))


def _signed(ledger: Ledger) -> list[tuple[int, int, int]]:
    rows = sorted(ledger.world.rows(audit_checkpoints), key=lambda row: int(row["number"]))
    read = [ledger.key.read(row["token"]) for row in rows]
    return [(each.number, each.seq, each.count) for each in read if each]


def test_a_checkpoint_is_signed_every_minute_or_thousand_events_when_something_is_new(empty_ledger: Ledger) -> None:
    keeper, world = keeper_of(empty_ledger), empty_ledger.world

    def keep() -> list[tuple[int, int, int]]:
        world.run(keeper.chain())
        world.run(keeper.sign())
        return _signed(empty_ledger)

    assert keep() == []
    empty_ledger.append(2)
    assert keep() == [(1, 2, 2)]
    empty_ledger.append(3)
    world.clock.move(seconds=50)
    assert keep() == [(1, 2, 2)]
    world.clock.move(seconds=10)
    assert keep() == [(1, 2, 2), (2, 5, 3)]
    world.clock.move(hours=1)
    assert len(keep()) == 2
    empty_ledger.append(1)
    keep()
    now = world.clock.now
    many = empty_ledger.rows(1000)
    world.clock.now = now
    world.transact(lambda tx: audit.append_rows(tx, many))
    assert keep()[-1] == (4, 1006, 1000)


def test_a_checkpoint_can_be_verified_with_nothing_but_the_public_key(ledger: Ledger) -> None:
    _, token = list(read_anchors(ledger.folder / FILE))[-1]
    key = load_pem_public_key(ledger.key.public_pem().encode())
    claims = jwt.decode(token, key, algorithms=["EdDSA"])  # type: ignore[arg-type] # an Ed25519 key
    assert jwt.get_unverified_header(token)["typ"] == "badgepin-audit+jwt"
    assert (claims["tenant_id"], claims["seq"], claims["count"], claims["purged_through"]) == (TENANT, 40, 10, 0)
    head = ledger.world.transact(lambda tx: store.head_of(tx, TENANT))
    assert claims["chain_digest"] == head.chain_digest.hex()


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"kid": "another"}])
def test_a_checkpoint_with_another_header_is_not_read(ledger: Ledger, header: dict[str, str]) -> None:
    _, token = next(read_anchors(ledger.folder / FILE))
    assert ledger.key.read(token) is not None
    first, rest = token.split(".", 1)
    found = json.loads(jwt.utils.base64url_decode(first)) | header
    forged = jwt.utils.base64url_encode(json.dumps(found).encode()).decode()
    assert ledger.key.read(f"{forged}.{rest}") is None


def test_anchors_are_appended_to_a_file_that_others_cannot_read(ledger: Ledger) -> None:
    path = ledger.folder / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines] == [10, 20, 30, 40]
    assert len(list(read_anchors(path))) == 4


def test_half_a_line_left_by_a_crash_harms_nothing(ledger: Ledger) -> None:
    path = ledger.folder / FILE
    whole = path.read_bytes()
    path.write_bytes(whole + whole[-300:-40])
    ledger.append(1)
    ledger.chain()
    ledger.sign()
    assert len(list(read_anchors(path))) == 5
    assert (ledger.verify().verdict, ledger.verify().anchored) == (Verdict.HOLDS, 5)


def test_an_anchor_that_fails_is_said_once_and_tried_again(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    away = ledger.folder / "away" / "anchors.jsonl"
    anchors = Anchors(ledger.folder, (f"file:{away}",))
    newest = ledger.world.transact(lambda tx: services.list_newest_tokens(tx, ledger.key))
    with caplog.at_level(logging.WARNING):
        anchors.push(newest)
        anchors.push(newest)
    assert caplog.text.count("tried again") == 1
    away.parent.mkdir()
    anchors.push(newest)
    assert len(list(read_anchors(away))) == 1
    anchors.push(newest)
    assert len(list(read_anchors(away))) == 1


@pytest.fixture
def log_host() -> Iterator[socket.socket]:
    """A syslog server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        yield listening


def test_anchors_arrive_at_a_syslog_server_and_its_file_can_be_verified_against(
    ledger: Ledger, log_host: socket.socket
) -> None:
    host, port = log_host.getsockname()
    anchors = Anchors(ledger.folder, (f"syslog://{host}:{port}",))
    anchors.push(ledger.world.transact(lambda tx: services.list_newest_tokens(tx, ledger.key)))
    received = log_host.recv(65_536).rstrip(b"\0").decode()
    assert "badgepin: audit checkpoint" in received
    kept = ledger.folder / "messages"
    kept.write_text(f"Nov 23 09:12:00 host other: nothing of ours\nNov 23 09:12:01 host {received}\n")
    report = ledger.verify([AnchorFile(kept, is_shared=True)])
    assert (report.verdict, report.anchored) == (Verdict.HOLDS, 1)
    cut = sa.delete(audit_chain).where(audit_chain.c.seq > 39)
    last = sa.delete(audit_events).where(audit_events.c.id == dict(ledger.places())[40])
    none = sa.delete(audit_checkpoints)
    deed = lambda tx: [tx.execute(each) for each in (cut, last, none)]  # noqa: E731 - three statements
    assert ledger.after(deed, [AnchorFile(kept, is_shared=True)]).verdict is Verdict.ANCHOR_MISMATCH
    assert ledger.after(deed, []).verdict is Verdict.HOLDS


def _old(ledger: Ledger, count: int) -> None:
    ledger.append(count)
    ledger.chain()
    while ledger.chain():
        pass
    ledger.sign()


def test_what_is_older_than_retention_goes_and_the_chain_holds(empty_ledger: Ledger) -> None:
    world = empty_ledger.world
    _old(empty_ledger, 1100)
    world.clock.move(days=31)
    _old(empty_ledger, 5)
    assert world.run(keeper_of(empty_ledger).purge()) == 0
    keeper = keeper_of(empty_ledger, audit_retention_days=30)
    assert world.run(keeper.purge()) == 1100
    assert world.run(keeper.purge()) == 0
    empty_ledger.chain()
    events = world.rows(audit_events)
    assert len(events) == 6
    [purge] = [event for event in events if event["activity"] == "Purge audit log"]
    details = dict(json.loads(purge["facts"])["details"])
    assert (details["Count"], details["LastSequence"]) == ("1100", "1100")
    empty_ledger.sign()
    report = empty_ledger.verify()
    assert (report.verdict, report.events, report.purged) == (Verdict.HOLDS, 1106, 1100)
    world.clock.move(hours=2)
    assert world.run(keeper.purge()) == 0
    assert len(world.rows(audit_events)) == 6


def test_a_purge_without_a_signed_checkpoint_shows(ledger: Ledger) -> None:
    before, events = ledger.world.clock.now, dict(ledger.places())

    def purge(tx: Any) -> None:
        assert store.forget(tx, TENANT, after=0, before=before, limit=10).through == 10

    assert ledger.after(purge).verdict is Verdict.CHAIN_LONGER

    def purge_and_sign(tx: Any) -> None:
        purge(tx)
        services.sign_checkpoint(tx, ledger.key, TENANT, ledger.world.clock.now, purged_through=10)

    assert ledger.after(purge_and_sign).verdict is Verdict.HOLDS

    def purge_more(tx: Any) -> None:
        purge_and_sign(tx)
        tx.execute(sa.delete(audit_events).where(audit_events.c.id == events[11]))

    assert ledger.after(purge_more).verdict is Verdict.CHAIN_LONGER


def test_retention_does_not_cover_up_an_event_that_somebody_removed(ledger: Ledger) -> None:
    gone = sa.delete(audit_events).where(audit_events.c.id == dict(ledger.places())[5])
    ledger.world.transact(lambda tx: tx.execute(gone))
    ledger.world.clock.move(days=31)
    assert ledger.world.run(keeper_of(ledger, audit_retention_days=30).purge()) == 4
    ledger.chain()
    report = ledger.verify()
    assert report.finding is not None
    assert (report.verdict, report.finding.seq) == (Verdict.CHAIN_LONGER, 5)


def test_the_keeper_outlives_tables_that_somebody_tampered_with(
    empty_ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    empty_ledger.append(1)
    empty_ledger.world.transact(lambda tx: tx.execute(sa.text("ALTER TABLE audit_checkpoints RENAME TO elsewhere")))

    async def scene() -> None:
        keeping = asyncio.create_task(run_keeper(empty_ledger.world.installation))
        await asyncio.sleep(1.3)
        assert not keeping.done()
        keeping.cancel()

    with caplog.at_level(logging.WARNING):
        empty_ledger.world.run(scene())
    assert caplog.text.count("keeper waits") == 1


def test_a_node_says_that_the_log_has_become_shorter(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    def cut(tx: Any) -> None:
        late = sa.select(audit_chain.c.event_id).where(audit_chain.c.seq > 35)
        tx.execute(sa.delete(audit_events).where(audit_events.c.id.in_(late)))
        tx.execute(sa.delete(audit_chain).where(audit_chain.c.seq > 35))

    ledger.world.transact(cut)
    ledger.world.clock.move(seconds=61)
    ledger.world.run(keeper_of(ledger).sign())
    assert "has become shorter" in caplog.text
    assert ledger.verify().verdict is Verdict.ANCHOR_MISMATCH


def test_a_running_node_gives_every_event_its_place_by_itself(empty_ledger: Ledger) -> None:
    world, folder = empty_ledger.world, Path(empty_ledger.folder)
    installation = replace(
        world.installation, settings=msgspec.structs.replace(world.installation.settings, data=str(folder))
    )
    application = Application(installation)

    async def scene() -> int:
        chores = asyncio.create_task(run_keeper(application.installation))
        await asyncio.sleep(0.2)
        rows = empty_ledger.rows(20)
        await installation.database.write(lambda tx: audit.append_rows(tx, rows))
        # a second on a machine that has time
        for _ in range(300):
            await asyncio.sleep(0.1)
            head = await installation.database.read(lambda tx: store.head_of(tx, TENANT))
            if head.seq == 20:
                break
        chores.cancel()
        return head.seq

    assert world.run(scene()) == 20
