"""An import does what its preview says, batch by batch, and an undo takes back what nobody touched since."""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.crypto.key_ring import KeyRing, create_key_ring
from badgepin.domain.caller import Call, Caller
from badgepin.domain.errors import InvalidValue, NotPermitted
from badgepin.domain.people_import import Import, Outcome, Result, Row, without_duplicates
from badgepin.services import import_undo, people_csv
from badgepin.services import people_import as services
from badgepin.store.import_tables import import_changes, imports
from badgepin.store.purge import purge
from badgepin.store.schema import schema
from badgepin.store.tables import administrative_unit_members, group_members, groups, users
from tests.graph.world import CLIENT, START, TENANT, World, build, guid, upn

FILE = f"""userPrincipalName,displayName,department,accountEnabled,groups,stores
ada@staff.example,Ada,Bakery,true,Bakers|Early,Store
{upn("worker")},Renamed Worker,,false,bakers,
{upn("global_administrator")},Taken over,,,,
lin@staff.example,林,,,Role group,
max@staff.example,Max,,,,New store
""".encode()


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    return create_key_ring(START)


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def world(database_url: str, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    made = build(database_url, ring, runner)
    yield made
    made.close()


def _call(world: World, *, user: str | None = None) -> Call:
    caller = Caller(TENANT, CLIENT, user, frozenset(), 1, client_generation=1 if user else None)
    return Call(caller, world.clock.now, guid("correlation"))


def _rows(content: bytes) -> list[Row]:
    stream = io.BytesIO(content)
    return list(without_duplicates(people_csv.read_rows(stream, people_csv.read_header(stream))))


def _import(world: World, content: bytes = FILE, *, batches: int = 1, finish: bool = True) -> list[Outcome]:
    call, rows = _call(world), _rows(content)
    made = _write(world, lambda tx: services.start_import(tx, call, "staff.csv", content[:32]))
    size = -(-len(rows) // batches)
    outcomes: list[Outcome] = []
    for first in range(0, len(rows), size):
        batch = rows[first : first + size]
        outcomes += _write(world, lambda tx, batch=batch: services.apply_rows(tx, call, made, batch))
    if finish:
        _write(world, lambda tx: services.finish_import(tx, call, made))
    return outcomes


def _write(world: World, work: Any) -> Any:
    return world.run(world.installation.database.write(work))


def _undo(world: World) -> list[str]:
    call = _call(world)
    made = _write(world, lambda tx: import_undo.find_undoable(tx, call))
    assert isinstance(made, Import)
    left: list[str] = []
    while True:
        undone = _write(world, lambda tx: import_undo.undo_portion(tx, call, made))
        left += undone.left_alone
        if undone.is_last:
            return left


RECORD = {"audit_events", "audit_chain", "audit_outbox", "audit_checkpoints", "imports", "import_changes"}


def _directory(world: World) -> dict[str, list[Any]]:
    """Every row of every table but the record's; what ends tokens is a counter and goes up only."""
    tables = [table for table in schema.sorted_tables if table.name not in RECORD]
    return {
        table.name: sorted(
            str({name: value for name, value in row.items() if name != "token_generation"}) for row in world.rows(table)
        )
        for table in tables
    }


EXPECTED = [
    (Result.CREATED, "in Bakers, in Early, in Store"),
    (Result.UPDATED, "display_name, account_enabled, in bakers"),
    (Result.REFUSED, "directory role"),
    (Result.REFUSED, "can hand out roles"),
    (Result.CREATED, "in New store"),
]


def _check(outcomes: list[Outcome]) -> None:
    assert [outcome.result for outcome in outcomes] == [result for result, _ in EXPECTED]
    assert all(words in outcome.detail for outcome, (_, words) in zip(outcomes, EXPECTED, strict=True))


def test_the_preview_says_what_the_import_does_and_writes_nothing(world: World) -> None:
    before = _directory(world), len(world.rows(imports))
    call = _call(world)
    steps = world.run(world.installation.database.read(lambda tx: services.plan_rows(tx, call, _rows(FILE))))
    _check([step.outcome for step in steps])
    assert (_directory(world), len(world.rows(imports))) == before
    _check(_import(world))
    made = {row["display_name"] for row in world.rows(groups)}
    assert made == {"Role group", "Bakers", "Early"}
    worker = next(row for row in world.rows(users) if row["id"] == guid("worker"))
    assert (worker["display_name_key"], worker["account_enabled"], worker["token_generation"]) == (
        "renamed worker",
        False,
        2,
    )


@pytest.mark.parametrize("batches", [1, 5])
def test_an_undo_leaves_the_directory_as_it_was(world: World, batches: int) -> None:
    before = _directory(world)
    _import(world, batches=batches)
    assert _directory(world) != before
    assert _undo(world) == []
    assert _directory(world) == before
    assert world.rows(import_changes) == []
    assert world.rows(imports)[0]["undone_at"] is not None
    call = _call(world)
    assert _write(world, lambda tx: import_undo.find_undoable(tx, call)) is None


def test_what_somebody_touched_since_is_left_alone_and_named(world: World) -> None:
    _import(world)
    write = world.application("User.ReadWrite.All", "Group.ReadWrite.All")
    for name, change in (("ada@staff.example", {"jobTitle": "Baker"}), (upn("worker"), {"displayName": "By hand"})):
        assert world.request("PATCH", f"/users/{name}", token=write, json=change).status_code == 204
    early = next(row["id"] for row in world.rows(groups) if row["display_name"] == "Early")
    reference = {"@odata.id": f"/directoryObjects/{guid('colleague')}"}
    assert world.request("POST", f"/groups/{early}/members/$ref", token=write, json=reference).status_code == 204
    left = _undo(world)
    assert sorted(left) == sorted(
        [
            f"{upn('worker')}: display_name was changed since the import and stays.",
            "ada@staff.example was changed since the import and stays.",
            "The group Early is in use by now and stays.",
        ]
    )
    worker = next(row for row in world.rows(users) if row["id"] == guid("worker"))
    assert (worker["display_name"], worker["account_enabled"]) == ("By hand", True)
    assert [row["member_id"] for row in world.rows(group_members) if row["group_id"] == early] == [guid("colleague")]


def test_a_person_with_a_badge_by_now_stays(world: World) -> None:
    _import(world)
    name = next(row["id"] for row in world.rows(users) if row["user_principal_name"] == "max@staff.example")
    body = {"standardQRCode": {}, "pin": {"code": "13572468"}}
    path = f"/users/{name}/authentication/qrCodePinMethod"
    assert world.request("PUT", path, token=world.admin, json=body).status_code == 201
    assert _undo(world) == ["max@staff.example has a badge by now and stays."]


def test_an_import_that_was_cut_off_goes_on_and_is_undone_whole(world: World) -> None:
    before = _directory(world)
    half = b"\n".join(FILE.splitlines()[:3]) + b"\n"
    assert FILE[:32] == half[:32]
    _import(world, half, finish=False)
    results = [outcome.result for outcome in _import(world)]
    assert results == [Result.UNCHANGED, Result.UNCHANGED, Result.REFUSED, Result.REFUSED, Result.CREATED]
    assert len(world.rows(imports)) == 1
    assert _undo(world) == []
    assert _directory(world) == before


def test_another_import_ends_the_undo_of_the_one_before(world: World) -> None:
    _import(world)
    world.clock.move(hours=1)
    _import(world, b"userPrincipalName,displayName\nnew@staff.example,New\n")
    assert _undo(world) == []
    names = {row["user_principal_name"] for row in world.rows(users)}
    assert "ada@staff.example" in names
    assert "new@staff.example" not in names


def test_what_was_before_is_forgotten_after_a_month(world: World) -> None:
    _import(world)
    world.clock.move(days=31)
    _write(world, lambda tx: purge(tx, world.clock.now))
    assert world.rows(import_changes) == []


def test_every_change_has_its_event_and_the_import_has_two(world: World) -> None:
    def activities() -> list[str]:
        token = world.application("AuditLog.Read.All")
        found = world.request("GET", "/auditLogs/directoryAudits?$top=999", token=token).json()["value"]
        return sorted(item["activityDisplayName"] for item in found)

    _import(world)
    assert activities() == sorted(
        [
            "Start import of people",
            "Finish import of people",
            *["Add user"] * 2,
            "Disable account",
            *["Add group"] * 2,
            "Add administrative unit",
            *["Add member to group"] * 3,
            *["Add member to administrative unit"] * 2,
        ]
    )
    _undo(world)
    assert activities().count("Undo import of people") == 1
    assert activities().count("Delete user") == 2
    assert activities().count("Remove member from group") == 3


def test_two_groups_of_one_name_cannot_be_meant(world: World) -> None:
    write = world.application("Group.ReadWrite.All")
    for name in ("Twins", "TWINS"):
        assert world.request("POST", "/groups", token=write, json={"displayName": name}).status_code == 201
    (outcome,) = _import(world, b"userPrincipalName,groups\nx@staff.example,twins\n")
    assert outcome.result is Result.REFUSED
    assert "There are 2" in outcome.detail


def test_an_import_needs_the_right_to_write_people(world: World) -> None:
    call = _call(world, user=guid("global_reader"))
    with pytest.raises(NotPermitted):
        _write(world, lambda tx: services.plan_rows(tx, call, _rows(FILE)))
    with pytest.raises(NotPermitted):
        _write(world, lambda tx: services.start_import(tx, call, "x", b"x"))


def test_a_batch_is_whole_or_not_at_all(world: World) -> None:
    before = _directory(world)
    call = _call(world)
    made = _write(world, lambda tx: services.start_import(tx, call, "x", b"x"))

    def fail(tx: sa.Connection) -> None:
        services.apply_rows(tx, call, made, _rows(FILE))
        raise KeyError

    with pytest.raises(KeyError):
        _write(world, fail)
    assert _directory(world) == before
    assert {row["member_id"] for row in world.rows(administrative_unit_members)} >= {guid("worker")}


def test_an_import_cut_off_and_resumed_gives_back_what_was_changed_by_hand_in_between(world: World) -> None:
    def set_worker(**values: str) -> None:
        world.transact(lambda tx: tx.execute(sa.update(users).where(users.c.id == guid("worker")).values(**values)))

    file = f"userPrincipalName,displayName,department,jobTitle\n{upn('worker')},Worker,Tills,Cashier\n".encode()
    set_worker(department="Stock", job_title="Cashier")
    _import(world, file, finish=False)
    set_worker(job_title="Shift lead")
    world.clock.move(seconds=5)
    _import(world, file)
    assert _undo(world) == []
    row = next(row for row in world.rows(users) if row["id"] == guid("worker"))
    assert (row["department"], row["job_title"]) == ("Stock", "Shift lead")


def test_of_two_imports_at_once_the_older_one_stops_and_says_so(world: World) -> None:
    first = _write(world, lambda tx: services.start_import(tx, _call(world), "a.csv", b"a"))
    world.clock.move(seconds=1)
    second = _write(world, lambda tx: services.start_import(tx, _call(world), "b.csv", b"b"))
    rows = _rows(FILE)
    with pytest.raises(InvalidValue, match="value_invalid") as refused:
        _write(world, lambda tx: services.apply_rows(tx, _call(world), first, rows))
    assert "Another import was started" in str(refused.value.details["message"])
    assert _write(world, lambda tx: services.apply_rows(tx, _call(world), second, rows))
    assert _write(world, lambda tx: services.finish_import(tx, _call(world), second)).id == second.id


def test_an_import_that_was_undone_while_it_ran_stops(world: World) -> None:
    made = _write(world, lambda tx: services.start_import(tx, _call(world), "a.csv", b"a"))
    _undo(world)
    with pytest.raises(InvalidValue):
        _write(world, lambda tx: services.apply_rows(tx, _call(world), made, _rows(FILE)))


def test_an_import_cut_off_long_ago_begins_anew(world: World) -> None:
    _import(world, finish=False)
    world.clock.move(days=8)
    before = len(world.rows(imports))
    _import(world)
    assert len(world.rows(imports)) == before + 1
