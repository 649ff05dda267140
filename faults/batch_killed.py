"""A node killed in the middle of a batch: nothing of it works, and the next start takes back what was made."""

import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.clients.running import BADGEPIN, demo, free_port
from tests.figures import Figure, record

from faults.source import Change, changed_source

_PEOPLE, _QUICK = 1000, 60
_PATIENCE = 180.0
# one that hands out codes that work at once, as the API's own operations do
_ALIVE = [
    Change(
        "services/batch_issue.py",
        "pins.create_method(tx, call, new, hashed, days, ring, is_active=False)",
        "pins.create_method(tx, call, new, hashed, days, ring)",
    )
]
_OF_THE_BATCH = "SELECT count(*) FROM qr_codes JOIN badge_batch_rows ON code_id = qr_codes.id WHERE "
_WAITING = "SELECT count(*) FROM badge_batch_rows WHERE result = 'waiting'"


@dataclass(frozen=True)
class Left:
    """What a killed batch left: codes that were `made`, that worked (`active`), and what the next start did."""

    made: int
    active: int
    results: dict[str, int]
    unrevoked: int
    pieces: int
    is_told: bool
    could_begin_anew: bool


def batch_killed(is_quick: bool) -> None:  # noqa: FBT001 - what every experiment is told
    """Kill it half-way, as it is and with codes that work before their paper arrived."""
    people = _QUICK if is_quick else _PEOPLE
    left, weak = _tried(people, []), _tried(_QUICK, _ALIVE)
    print(f"as it is: {left}\nworking at once: {weak}", flush=True)
    assert left.is_told
    assert left.could_begin_anew
    assert (left.unrevoked, left.pieces) == (0, 0)
    assert left.results == {"takenBack": left.made, "notDone": people - left.made}
    assert weak.active == weak.made, "codes that work at once did not work: the rounds prove nothing"
    record(
        Figure(
            "I3",
            f"codes of a batch of {people}, killed half-way, that worked without their paper or were not taken back",
            left.made,
            left.active + left.unrevoked,
            f"codes that work at once: {weak.active} of {weak.made} worked",
            'make faults ARGS="batch-killed --write"',
        )
    )


def _tried(people: int, changes: list[Change]) -> Left:
    with tempfile.TemporaryDirectory(prefix="badgepin-batch-") as name:
        folder = Path(name)
        source = changed_source(folder / "source", changes)
        return killed(folder, people, at=people // 2, PYTHONPATH=str(source))


def killed(folder: Path, people: int, *, at: int, **environment: str) -> Left:
    """Kill the node of a batch once so many codes are made; start it again, and see."""
    data = folder / "data"
    database = data / "badgepin.db"
    with demo(data) as running:
        token, origin = running.announcement["tokens"]["globalAdministrator"], running.announcement["origin"]
    names = _imported(folder, people)
    # tokens were made for that address
    variables = {**os.environ, **environment, "BADGEPIN_BASE_URL": origin}
    with _served(data, token, variables) as (client, process):
        begun = client.post("/batches", json={"userIds": names})
        assert begun.status_code == 202, begun.text
        _until(lambda: _count(database, _WAITING) >= at)
        os.killpg(process.pid, 9)
        process.wait(20)
    active = _count(database, f"{_OF_THE_BATCH} activated_at IS NOT NULL")
    made = _count(database, _WAITING)
    # its half minute is over
    _ask(database, "UPDATE badge_batches SET lease_ends_at = 0")
    with _served(data, token, variables) as (client, _):
        path = f"/batches/{begun.json()['id']}"
        _until(lambda: client.get(path).json()["settledDateTime"])
        ended = client.get(path).json()
        again = client.post("/batches", json={"userIds": names, "dryRun": True}).json()["announced"]
    return Left(
        made,
        active,
        {each["name"]: each["count"] for each in ended["results"]},
        _count(database, f"{_OF_THE_BATCH} revoked_at IS NULL"),
        _count(database, "SELECT count(*) FROM badge_batch_pieces"),
        (ended["status"], ended["collection"]) == ("failed", "revoked"),
        again == [{"name": "badgeAndPin", "count": people}],
    )


def _imported(folder: Path, people: int) -> list[str]:
    lines = [f"many{place}@contoso.example,Many {place}" for place in range(people)]
    file = folder / "people.csv"
    file.write_text("userPrincipalName,displayName\n" + "\n".join(lines), encoding="utf-8")
    command = [str(BADGEPIN), "people", "import", str(file), "--yes", "--data", str(folder / "data")]
    subprocess.run(command, check=True, capture_output=True)
    return [line.partition(",")[0] for line in lines]


def _ask(database: Path, statement: str) -> Sequence[tuple[Any, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        return connection.execute(statement).fetchall()


def _count(database: Path, statement: str) -> int:
    return int(_ask(database, statement)[0][0])


@contextmanager
def _served(
    data: Path, token: str, variables: dict[str, str]
) -> Iterator[tuple[httpx.Client, "subprocess.Popen[bytes]"]]:
    port = free_port()
    command = [str(BADGEPIN), "serve", "--data", str(data), "--port", str(port)]
    headers = {"authorization": f"Bearer {token}"}
    with (
        subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL, start_new_session=True) as process,
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


def _until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
