"""The demo's folder: a marker that says what it is, and what tools and tokens need to know of it."""

from pathlib import Path

import msgspec

from badgepin.opening import DEMO_MARKER

_MEMORY, HEADER = "demo.json", "authorization.header"
_MARKER_TEXT = """This folder is a demo of Badgepin: sample people, and access tokens that were printed on a screen.
It is served on this machine's own address only. Delete the folder when you are done;
`badgepin init` makes an installation for real use.
"""


class DemoRefused(Exception):
    """The demo cannot use this folder; the sentence says what to do."""


class SampleClient(msgspec.Struct, frozen=True):
    """An application of the demo; the demo alone remembers a secret in clear."""

    client_id: str
    service_principal_id: str
    secret: str = ""


class Memory(msgspec.Struct, frozen=True):
    """What a demo remembers from one start to the next: ids by the names that tools use."""

    tenant_id: str
    users: dict[str, str]
    clients: dict[str, SampleClient]


def is_demo(folder: Path) -> bool:
    """Whether a folder holds a whole demo; an absent or empty one does not. Raises `DemoRefused` for anything else."""
    if (folder / DEMO_MARKER).exists():
        if not (folder / _MEMORY).exists():
            raise DemoRefused(
                f"{folder} holds a demo that was interrupted while it was made: delete it and start again."
            )
        return True
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DemoRefused(f"{folder} is not a demo: choose an empty folder with --data.")
    return False


def mark(folder: Path) -> None:
    """Say that this is a demo, before anything in it is known to others."""
    (folder / DEMO_MARKER).write_text(_MARKER_TEXT, encoding="utf-8")


def remember(folder: Path, memory: Memory) -> None:
    """Keep what the next start needs, for the owner's eyes only."""
    _write(folder / _MEMORY, msgspec.json.format(msgspec.json.encode(memory), indent=2))


def recall(folder: Path) -> Memory:
    """What an earlier start kept. Raises `DemoRefused`."""
    try:
        return msgspec.json.decode((folder / _MEMORY).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError) as error:
        raise DemoRefused(f"{folder} holds a damaged demo: delete it and start again.") from error


def keep_header(folder: Path, token: str) -> Path:
    """Write a token as the header line that `curl -H @FILE` sends."""
    path = folder.absolute() / HEADER
    _write(path, f"Authorization: Bearer {token}\n".encode())
    return path


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
