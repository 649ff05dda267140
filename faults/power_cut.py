"""I1: the power cut at every write of the program's own transactions, for each SQLite journal mode it supports.

The program runs on Python's `sqlite3`, which has no place to listen at; so its statements are captured from the real
application and run again through APSW, with its own pragmas, on a file system that records. What is shared: the schema,
the statements, the pragmas. What is not: the library's version, and in WAL mode the index lies in memory
(`locking_mode=EXCLUSIVE`). Each image is then opened by the library that the program runs on.
"""

import hashlib
import random
import sqlite3
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import apsw
from tests.figures import Figure, record

from badgepin.crypto.key_ring_file import save_key_ring
from badgepin.store.sqlite import PRAGMAS
from faults.disk import Disk, Event, Image, Kind
from faults.node import BADGEPIN
from faults.recording import recorded
from faults.statements import Captured, capture, state

_NAME = "badgepin.db"
_ROUNDS, _QUICK = 4, 3
# more than there are: all of them
_IMAGES, _QUICK_IMAGES = 20_000, 100
_CONTROL_IMAGES = 300
# the default of 1000 pages is more than these transactions write; the checkpoint must be cut, too
_CHECKPOINT = "wal_autocheckpoint=60"


@dataclass(frozen=True)
class Mode:
    """A journal mode and how much of it is synced."""

    journal: str
    synchronous: str

    def __str__(self) -> str:
        return f"{self.journal.upper()} + {self.synchronous}"


STRONG = (Mode("wal", "FULL"), Mode("truncate", "FULL"))
WEAK = {
    "wal": (Mode("wal", "NORMAL"), Mode("wal", "OFF")),
    # DELETE: the name of the journal that is gone is not synced
    "truncate": (Mode("truncate", "NORMAL"), Mode("delete", "FULL"), Mode("truncate", "OFF")),
}


@dataclass
class Tally:
    """What became of the images of one mode."""

    images: int = 0
    lost: int = 0
    corrupt: int = 0

    def __str__(self) -> str:
        return f"{self.lost} of {self.images} images lost commits, {self.corrupt} were corrupt"


def power_cut(is_quick: bool) -> None:  # noqa: FBT001 - what every experiment is told
    """Cut the power in every mode; the supported ones must lose nothing, the others something."""
    with tempfile.TemporaryDirectory(prefix="badgepin-power-") as name:
        folder = Path(name)
        captured = capture(folder, _QUICK if is_quick else _ROUNDS)
        print(f"{len(captured.transactions)} transactions of the application, SQLite {apsw.sqlitelibversion()}")
        most = _QUICK_IMAGES if is_quick else _IMAGES
        for mode in STRONG:
            controls = {
                str(weak): _cut(weak, captured, folder, min(most // 2, _CONTROL_IMAGES)) for weak in WEAK[mode.journal]
            }
            for weak, found in controls.items():
                print(f"{weak} (control): {found}", flush=True)
                assert found.lost + found.corrupt, f"{weak} lost nothing: the images prove nothing"
            tally = _cut(mode, captured, folder, most)
            print(f"{mode}: {tally}; read by sqlite3 {sqlite3.sqlite_version}", flush=True)
            record(
                Figure(
                    "I1",
                    f"power cuts at a write, acknowledged commits lost or file corrupt, SQLite {mode}",
                    tally.images,
                    tally.lost + tally.corrupt,
                    "; ".join(
                        f"{weak}: {found.lost + found.corrupt} of {found.images}" for weak, found in controls.items()
                    ),
                    'make faults ARGS="power-cut --write"',
                )
            )


def _cut(mode: Mode, captured: Captured, folder: Path, most: int) -> Tally:
    disk, states = _replay(mode, captured, folder)
    tally = Tally()
    image_folder = folder / "image"
    image_folder.mkdir(exist_ok=True)
    kept, read = None, dict[bytes, str]()
    for image in disk.images(most, random.Random(7)):
        tally.images += 1
        # between two syncs, nothing of what was not synced is the same image over and over
        same = hashlib.sha256(
            b"".join(name.encode() + content for name, content in sorted(image.files.items()))
        ).digest()
        found = read[same] = read.get(same) or _read(image, image_folder)
        if found not in states:
            tally.corrupt += 1
        elif states[found] < image.acknowledged:
            tally.lost += 1
        kept = image
    if mode in STRONG and kept is not None:
        _ask_the_program(kept, captured, image_folder)
    return tally


def _replay(mode: Mode, captured: Captured, folder: Path) -> tuple[Disk, dict[str, int]]:
    """Run the transactions on a recording disk: what was written, and which state was reached by which commit."""
    path = folder / _NAME
    for leftover in folder.glob(f"{_NAME}*"):
        leftover.unlink()
    path.write_bytes(captured.before)
    disk = Disk({_NAME: captured.before})
    with recorded(path, disk) as connection:
        if mode.journal == "wal":
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        for pragma in (*PRAGMAS, f"journal_mode={mode.journal}", f"synchronous={mode.synchronous}", _CHECKPOINT):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        states = {_digest(state(connection.execute)): 0}
        for number, statements in enumerate(captured.transactions, start=1):
            connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in statements:
                connection.execute(sql, parameters).fetchall()
            connection.execute("COMMIT")
            disk.events.append(Event(Kind.ACKNOWLEDGED, number=number))
            # the last commit that leaves the rows so: a change of nothing is in no image
            states[_digest(state(connection.execute))] = number
    return disk, states


def _read(image: Image, folder: Path) -> str:
    """What the library makes of an image: the digest of its rows, or what is wrong."""
    _lay_down(image, folder)
    connection = sqlite3.connect(folder / _NAME)
    try:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            return f"integrity_check: {said}"
        return _digest(state(connection.execute))
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()


def _lay_down(image: Image, folder: Path) -> None:
    for old in folder.iterdir():
        old.unlink()
    for name, content in image.files.items():
        (folder / name).write_bytes(content)


def _ask_the_program(image: Image, captured: Captured, folder: Path) -> None:
    """The last image under the real program: its schema, keys and audit log are whole."""
    _lay_down(image, folder)
    folder.chmod(0o700)
    save_key_ring(captured.ring, folder / "keyring.json")
    for command in (("db", "check"), ("audit", "verify")):
        said = subprocess.run(
            [str(BADGEPIN), *command, "--data", str(folder)], check=False, capture_output=True, text=True
        )
        assert said.returncode == 0, f"{command} on a surviving file: {said.stdout}{said.stderr}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
