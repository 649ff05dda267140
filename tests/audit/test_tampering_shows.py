"""Whatever somebody does to the log in the database, the verifier says so (threat 30, invariant I9)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.crypto.key_ring import KeyRing, create_key_ring
from badgepin.domain.audit_chain import Verdict, event_digest
from badgepin.services import audit_chain
from badgepin.services.audit_chain import PurgeCall
from badgepin.store.audit_tables import audit_outbox
from badgepin.store.tables import audit_events
from tests.audit import tampering
from tests.audit.ledger import Ledger
from tests.audit.tampering import Deed
from tests.figures import Figure, record
from tests.graph.world import START, TENANT


@pytest.fixture(scope="session")
def stranger() -> KeyRing:
    """The key ring of somebody else."""
    return create_key_ring(START)


def _verdicts(ledger: Ledger, deeds: Iterator[Deed]) -> dict[str, Verdict]:
    found = {name: ledger.after(deed).verdict for name, deed in deeds}
    assert ledger.verify().verdict is Verdict.HOLDS, "the tampering was not taken back"
    return found


def test_an_untouched_log_holds(ledger: Ledger) -> None:
    report = ledger.verify()
    assert report.finding is None, report.finding
    assert (report.events, report.checkpoints, report.anchored, report.signed_seq) == (40, 4, 4, 40)


def test_every_tampering_at_every_place_shows(short_ledger: Ledger, stranger: KeyRing) -> None:
    ledger = short_ledger
    dialect = ledger.world.installation.database.dialect
    kinds: dict[str, Callable[[Ledger], Iterator[Deed]]] = {
        "columns": tampering.changed_columns,
        "deleted": tampering.deleted,
        "reordered": tampering.reordered,
        "cut": tampering.cut,
        "written anew": tampering.written_anew,
        "computed anew": tampering.computed_anew,
        "inserted": tampering.inserted,
        "chain": tampering.chain_edited,
        "checkpoints": lambda each: tampering.checkpoints_edited(each, stranger),
    }
    found = {kind: _verdicts(ledger, make(ledger)) for kind, make in kinds.items()}
    missed = [name for verdicts in found.values() for name, verdict in verdicts.items() if verdict is Verdict.HOLDS]
    assert missed == []
    assert set(chain.from_iterable(verdicts.values() for verdicts in found.values())) == set(Verdict) - {Verdict.HOLDS}
    blind = [ledger.after(deed, files=[]).verdict for _, deed in tampering.written_anew(ledger)].count(Verdict.HOLDS)
    control = f"anchors not looked at: {blind} of 20 logs cut and written anew not seen"
    total = sum(map(len, found.values()))
    record(Figure("I9", f"tamperings with a log of 20 events, unseen, {dialect}", total, len(missed), control))


def test_a_verifier_that_does_not_look_at_anchors_misses_a_log_written_anew(short_ledger: Ledger) -> None:
    ledger = short_ledger
    deeds = [deed for _, deed in tampering.written_anew(ledger)]
    blind = [ledger.after(deed, files=[]).verdict for deed in deeds]
    assert blind == [Verdict.HOLDS] * 20
    assert {ledger.after(deed).verdict for deed in deeds} == {Verdict.ANCHOR_MISMATCH}


@pytest.mark.parametrize("column", [each.name for each in audit_events.c if "personal" not in each.name])
def test_a_digest_that_leaves_a_column_out_misses_its_change(ledger: Ledger, column: str) -> None:
    for event in ledger.world.rows(audit_events):
        other = {**event, column: "other"}
        assert event_digest(_without(column, event)) == event_digest(_without(column, other))
        assert event_digest(event) != event_digest(other)


def _without(column: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != column}


def test_what_is_cut_after_the_last_checkpoint_does_not_show(ledger: Ledger) -> None:
    ledger.append(5)
    ledger.chain()
    assert ledger.after(lambda tx: tampering.cut_from(tx, 41)).verdict is Verdict.HOLDS
    ledger.sign()
    assert ledger.after(lambda tx: tampering.cut_from(tx, 41)).verdict is Verdict.ANCHOR_MISMATCH


def test_personal_data_can_be_erased_and_the_chain_holds(ledger: Ledger) -> None:
    erase = sa.update(audit_events).values(personal=None, personal_salt=None)
    report = ledger.after(lambda tx: tx.execute(erase))
    assert report.finding is None
    assert report.erased == 40
    only_half = sa.update(audit_events).values(personal=None)
    assert ledger.after(lambda tx: tx.execute(only_half)).verdict is Verdict.MISMATCH


def test_an_event_that_waits_for_its_place_is_no_tampering_for_a_minute(ledger: Ledger) -> None:
    if ledger.world.installation.database.dialect != "postgresql":
        pytest.skip("On SQLite no event waits.")
    ledger.append(3)
    report = ledger.verify()
    assert (report.verdict, report.waiting, report.events) == (Verdict.HOLDS, 3, 40)
    lost = sa.delete(audit_outbox)
    assert ledger.after(lambda tx: tx.execute(lost)).verdict is Verdict.LOG_LONGER
    [newest] = sorted(ledger.world.rows(audit_events), key=lambda row: row["occurred_at"])[-1:]
    gone = sa.delete(audit_events).where(audit_events.c.id == newest["id"])
    assert ledger.after(lambda tx: tx.execute(gone)).verdict is Verdict.CHAIN_LONGER
    ledger.world.clock.move(seconds=61)
    assert ledger.verify().verdict is Verdict.LOG_LONGER
    assert ledger.chain() == 3
    assert ledger.verify().verdict is Verdict.HOLDS


def test_a_finding_says_which_event_and_when_and_what_to_do(ledger: Ledger) -> None:
    [(_, event_id)] = [place for place in ledger.places() if place[0] == 17]
    report = ledger.after(
        lambda tx: tx.execute(sa.update(audit_events).where(audit_events.c.id == event_id).values(result="failure"))
    )
    assert report.finding is not None
    assert (report.finding.seq, report.finding.event_id) == (17, event_id)
    sentence = report.finding.sentence
    assert "Event 17 of 2026-11-23T09:" in sentence
    assert "backup" in sentence


def test_a_date_set_back_by_hand_does_not_make_the_server_forget_the_event(ledger: Ledger) -> None:
    world, places = ledger.world, dict(ledger.places())
    call = PurgeCall(world.clock.now, world.clock.now - timedelta(days=30))
    back_dated = [places[place] for place in range(1, 26)]
    event = audit_events.c
    world.transact(
        lambda tx: tx.execute(
            sa.update(audit_events).where(event.id.in_(back_dated)).values(occurred_at=START - timedelta(days=400))
        )
    )
    purged = world.transact(lambda tx: audit_chain.purge_portion(tx, ledger.key, TENANT, call))
    assert purged.count == 0
    assert ledger.verify().verdict is Verdict.MISMATCH


def test_names_that_a_longer_salt_swallows_are_missed(ledger: Ledger) -> None:
    world, places = ledger.world, dict(ledger.places())
    row = next(row for row in world.rows(audit_events) if row["id"] == places[3])
    swallowed = {"personal": "", "personal_salt": row["personal_salt"] + row["personal"].encode()}
    world.transact(
        lambda tx: tx.execute(sa.update(audit_events).where(audit_events.c.id == row["id"]).values(swallowed))
    )
    assert ledger.verify().verdict is Verdict.MISMATCH
    token = world.person("global_administrator")
    assert world.request("GET", "/auditLogs/directoryAudits", token=token).status_code == 200


STRANGE = (
    "UPDATE audit_events SET occurred_at = 9223372036854775807 WHERE id = :event",
    "UPDATE audit_events SET occurred_at = 'x' WHERE id = :event",
    "UPDATE audit_events SET personal_salt = 'abc' WHERE id = :event",
    "UPDATE audit_events SET personal_salt = 99999999999 WHERE id = :event",
    "UPDATE audit_events SET personal_digest = 5 WHERE id = :event",
    "UPDATE audit_chain SET event_digest = 'x' WHERE event_id = :event",
    "UPDATE audit_chain SET chain_digest = 'x' WHERE event_id = :event",
    "UPDATE audit_chain SET seq = 9223372036854775807 WHERE event_id = :event",
    "UPDATE audit_checkpoints SET created_at = 'x' WHERE number = 2 AND :event = :event",
)


@pytest.mark.parametrize("statement", STRANGE)
def test_values_of_a_kind_that_is_never_written_get_a_verdict_too(ledger: Ledger, statement: str) -> None:
    if ledger.world.installation.database.dialect != "sqlite" and "9223372036854775807" not in statement:
        pytest.skip("PostgreSQL takes no such value.")
    event = dict(ledger.places())[5]
    ledger.world.transact(lambda tx: tx.execute(sa.text(statement), {"event": event}))
    assert ledger.verify().verdict is not Verdict.HOLDS
    if "audit_events" in statement:
        token = ledger.world.person("global_administrator")
        assert ledger.world.request("GET", "/auditLogs/directoryAudits", token=token).status_code == 200
