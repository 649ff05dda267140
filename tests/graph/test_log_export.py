"""The log as a file: every event once, the oldest first, streamed, in a form that harms no spreadsheet."""

import csv
import io
import json
import tracemalloc
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.app import create_app
from badgepin.graph.log_export import AUDITS
from badgepin.store.tables import audit_events
from badgepin.store.transaction import Transaction
from tests.graph.world import BASE, World

EXPORT = "/badgepin/exports/directoryAudits"


def _fill(world: World, number: int) -> None:
    write = world.application("User.ReadWrite.All")
    for place in range(number):
        body = {"userPrincipalName": f"p{place}@x.example", "displayName": f"=cmd|'{place}'!A1"}
        assert world.request("POST", "/users", token=write, json=body).status_code == 201
        world.clock.move(minutes=1)


def _export(world: World, **options: str) -> Any:
    params = {f"${name}": value for name, value in options.items()}
    return world.request("GET", EXPORT, token=world.application("AuditLog.Read.All"), params=params)


def test_json_lines_hold_every_event_once_the_oldest_first(world: World) -> None:
    _fill(world, 12)
    answer = _export(world)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["content-disposition"]
    events = [json.loads(line) for line in answer.text.splitlines()]
    listed = world.request("GET", "/auditLogs/directoryAudits?$top=999", token=world.application("AuditLog.Read.All"))
    assert events == listed.json()["value"][::-1]
    assert len(events) == 12


def test_csv_has_a_column_for_everything_and_no_formula(world: World) -> None:
    _fill(world, 3)
    answer = _export(world, format="csv", filter="activityDateTime gt 2026-11-23T09:00:30Z")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2
    assert set(rows[0]) == set(AUDITS.columns)
    assert rows[0]["targetName"] == "'=cmd|'1'!A1"
    assert rows[0]["initiatedByAppName"] == "Automation"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "xml"}, "jsonl or csv"),
        ({"filter": "no eq 1"}, "'no'"),
        ({"top": "5"}, "$filter and $format"),
        ({"orderby": "activityDateTime"}, "$filter and $format"),
    ],
)
def test_an_export_that_cannot_be_had_says_why(world: World, options: dict[str, str], words: str) -> None:
    answer = _export(world, **options)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_an_export_needs_the_right_to_read_logs(world: World) -> None:
    assert world.request("GET", EXPORT, token=world.application("User.Read.All")).status_code == 403
    assert world.request("GET", EXPORT, token=world.person("helpdesk_administrator")).status_code == 403


def test_a_file_is_no_part_of_a_batch(world: World) -> None:
    batch = {"requests": [{"id": "1", "method": "GET", "url": EXPORT}]}
    answer = world.request("POST", "/$batch", token=world.application("AuditLog.Read.All"), json=batch)
    (response,) = answer.json()["responses"]
    assert response["status"] == 400
    assert "batch" in response["body"]["error"]["message"]


def test_ten_years_of_events_are_exported_in_little_memory(world: World) -> None:
    _fill(world, 1)
    count = 8_000

    def multiply(tx: Transaction) -> None:
        (one,) = tx.execute(sa.select(audit_events)).mappings().all()
        moment = one["occurred_at"]
        rows = [
            {
                **one,
                "id": f"00000000-0000-4000-8000-{number:012d}",
                "occurred_at": moment.replace(year=2016 + number % 10),
            }
            for number in range(count)
        ]
        tx.execute(sa.insert(audit_events), rows)

    world.transact(multiply)
    sizes: list[int] = []

    async def drink() -> None:
        token = world.application("AuditLog.Read.All")
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/v1.0{EXPORT}",
            "raw_path": f"/v1.0{EXPORT}".encode(),
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {token}".encode()), (b"host", BASE.encode())],
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sizes.append(len(message.get("body", b"")))

        tracemalloc.start()
        await create_app(world.installation)(scope, receive, send)

    world.run(drink())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) > 4_000_000
    assert peak < sum(sizes)
    assert max(sizes) < 1_000_000
