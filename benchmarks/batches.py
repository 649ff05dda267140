"""`python -m benchmarks.batches N`: a batch of N badges with PINs on a real server, beside what it cannot do without.

The bare figure is the PIN hashes, as many at once as the server may, plus one drawing of the badges: nothing else.
"""

import argparse
import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
from tests.clients.running import BADGEPIN, demo

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.pin_hash import Cost, PinRow, hash_pin
from badgepin.crypto.randomness import new_guid
from badgepin.domain.badge_text import encode_bp1
from badgepin.printing.badge import Design, PrintedBadge
from badgepin.printing.press import Press
from badgepin.web.installation import system_clock

WORKERS = 2


def bare(number: int) -> tuple[float, float]:
    """Seconds of the hashes, and of the drawing."""
    ring, cost = create_key_ring(system_clock()), Cost()
    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        rows = [PinRow(new_guid(), new_guid(), 1) for _ in range(number)]
        list(pool.map(lambda row: hash_pin("13572468", row, cost=cost, ring=ring), rows))
    hashed = time.perf_counter()
    badges = []
    for place in range(number):
        code = new_guid()
        badges.append(PrintedBadge(f"Many {place}", encode_bp1(code, os.urandom(32)), "m", code, "Store", "2027-11-29"))
    job = {"layout": "cr80-a4", "design": Design("Contoso"), "badges": badges}
    asyncio.run(Press().run(job, patience=3600))
    return hashed - began, time.perf_counter() - hashed


def peak(process: "subprocess.Popen[bytes]") -> int:
    """The most memory that the server or one of its children ever had, in MiB."""
    most = 0
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if entry.name.isdecimal() and os.getpgid(int(entry.name)) == process.pid:
                lines = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines() if ":" in line)
                most = max(most, int(lines.get("VmHWM", "0 kB").split()[0]) // 1024)
    return most


def batch(number: int) -> None:
    """Run one and say how it went."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        with demo(folder) as running:
            told = running.announcement
        people = Path(temporary) / "people.csv"
        names = [f"many{place}@contoso.example" for place in range(number)]
        lines = [f"{name},Many {place},Everywhere" for place, name in enumerate(names)]
        lines += [f"more.{name},More {place},Elsewhere" for place, name in enumerate(names)]
        people.write_text("userPrincipalName,displayName,stores\n" + "\n".join(lines), encoding="utf-8")
        command = [str(BADGEPIN), "people", "import", str(people), "--yes", "--data", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        port = told["origin"].rpartition(":")[2]
        served = [str(BADGEPIN), "serve", "--data", str(folder), "--port", port]
        environment = {**os.environ, "BADGEPIN_BASE_URL": told["origin"]}
        headers = {"authorization": f"Bearer {told['tokens']['globalAdministrator']}"}
        with (
            subprocess.Popen(served, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as process,
            httpx.Client(base_url=f"{told['origin']}/badgepin/v1", headers=headers, timeout=120) as client,
        ):
            try:
                taken = run(client, process, number)
            finally:
                process.terminate()
        commanded = by_command(folder, number)
    needed = sum(bare(number))
    print(f"bare: hashes and drawing {needed:.1f} s; ratio over the API {taken / needed:.2f},", end=" ")
    print(f"on the command line {commanded / needed:.2f}")


def by_command(folder: Path, number: int) -> float:
    """Seconds that `badgepin codes issue` takes for as many people of another store."""
    paper = [str(folder.with_name(name)) for name in ("badges.pdf", "slips.pdf")]
    command = [str(BADGEPIN), "codes", "issue", "--unit", "Elsewhere", "--data", str(folder)]
    began = time.perf_counter()
    subprocess.run([*command, "--pdf", paper[0], "--pin-slips", paper[1]], check=True, capture_output=True)
    taken = time.perf_counter() - began
    print(f"on the command line: {number} in {taken:.1f} s", flush=True)
    return taken


def run(client: httpx.Client, process: "subprocess.Popen[bytes]", number: int) -> float:
    """Look, start, wait, fetch and confirm; the seconds from the start until the documents were ready."""
    while True:
        with suppress(httpx.HTTPError):
            if client.get("/batches").is_success:
                break
        time.sleep(0.2)
    units = client.get(str(client.base_url).replace("badgepin/v1", "v1.0/directory/administrativeUnits")).json()[
        "value"
    ]
    (unit,) = (each["id"] for each in units if each["displayName"] == "Everywhere")
    began = time.perf_counter()
    seen = client.post("/batches", json={"unitId": unit, "dryRun": True}).json()
    planned = time.perf_counter()
    print(f"plan of {seen['wantedCount']}: {planned - began:.1f} s", flush=True)
    started = client.post(f"/batches/{seen['id']}/start", json={"previewToken": seen["previewToken"]}).json()
    most, path = 0, f"/batches/{seen['id']}"
    while (status := client.get(path).json())["status"] == "running":
        most = max(most, peak(process))
        time.sleep(1)
    taken = time.perf_counter() - planned
    assert status["status"] == "succeeded", status
    print(f"batch of {number}: {taken:.1f} s, at most {most} MiB in one process", flush=True)
    key = {"badgepin-document-key": started["documentKey"]}
    began, said = time.perf_counter(), []
    for document in status["documents"]:
        content = client.get(f"{path}/documents/{document['id']}", headers=key).content
        said.append({"id": document["id"], "sha256": hashlib.sha256(content).hexdigest()})
    fetched = time.perf_counter()
    while client.post(f"{path}/confirm", headers=key, json={"documents": said}).json()["collection"] == "ready":
        pass
    size = sum(document["size"] for document in status["documents"]) / 1e6
    print(f"{len(said)} documents of {size:.1f} MB fetched in {fetched - began:.1f} s,", end=" ")
    print(f"{number} codes alive after {time.perf_counter() - fetched:.1f} s more", flush=True)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int, nargs="?", default=1000)
    batch(parser.parse_args(sys.argv[1:]).number)
