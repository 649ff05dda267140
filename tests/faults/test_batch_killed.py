"""A server that is killed in the middle of a batch leaves nothing that works, and the next start says so."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.clients.running import BADGEPIN, demo, free_port

PEOPLE = 14
PATIENCE = 90.0


def _ask(database: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        return connection.execute(statement, values).fetchall()


@contextmanager
def _served(folder: Path, token: str, origin: str) -> Iterator[tuple[httpx.Client, "subprocess.Popen[bytes]"]]:
    port = free_port()
    # tokens were made for that address
    environment = {**os.environ, "BADGEPIN_BASE_URL": origin}
    command = [str(BADGEPIN), "serve", "--data", str(folder), "--port", str(port)]
    headers = {"authorization": f"Bearer {token}"}
    with (
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/badgepin/v1", headers=headers, timeout=30) as client,
    ):
        try:
            _until(lambda: _is_ready(port))
            yield client, process
        finally:
            process.kill()


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def test_nothing_of_a_batch_whose_server_was_killed_works_and_the_next_start_takes_it_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    database = folder / "badgepin.db"
    with demo(folder) as running:
        token, origin = running.announcement["tokens"]["globalAdministrator"], running.announcement["origin"]
    people = tmp_path / "people.csv"
    lines = [f"many{place}@contoso.example,Many {place}" for place in range(PEOPLE)]
    people.write_text("userPrincipalName,displayName\n" + "\n".join(lines), encoding="utf-8")
    command = [str(BADGEPIN), "people", "import", str(people), "--yes", "--data", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    names = [line.partition(",")[0] for line in lines]

    waiting = "SELECT count(*) FROM badge_batch_rows WHERE result = 'waiting'"
    with _served(folder, token, origin) as (client, process):
        begun = client.post("/batches", json={"userIds": names})
        assert begun.status_code == 202, begun.text
        _until(lambda: _ask(database, waiting)[0][0] >= 2)
        os.killpg(process.pid, 9)
        process.wait(20)
    active = (
        "SELECT count(*) FROM qr_codes JOIN badge_batch_rows ON code_id = qr_codes.id WHERE activated_at IS NOT NULL"
    )
    assert _ask(database, active) == [(0,)]
    made = _ask(database, waiting)[0][0]
    assert 2 <= made < PEOPLE
    assert _ask(database, "SELECT state FROM badge_batches") == [("running",)]

    # its half minute is over
    _ask(database, "UPDATE badge_batches SET lease_ends_at = 0")
    with _served(folder, token, origin) as (client, _):
        path = f"/batches/{begun.json()['id']}"
        _until(lambda: client.get(path).json()["settledDateTime"])
        ended = client.get(path).json()
        assert (ended["status"], ended["collection"]) == ("failed", "revoked")
        results = {each["name"]: each["count"] for each in ended["results"]}
        assert results == {"takenBack": made, "notDone": PEOPLE - made}
        again = client.post("/batches", json={"userIds": names, "dryRun": True}).json()
        assert again["announced"] == [{"name": "badgeAndPin", "count": PEOPLE}]
    left = "SELECT count(*) FROM qr_codes JOIN badge_batch_rows ON code_id = qr_codes.id WHERE revoked_at IS NULL"
    assert _ask(database, left) == [(0,)]
    assert _ask(database, "SELECT count(*) FROM badge_batch_pieces") == [(0,)]
