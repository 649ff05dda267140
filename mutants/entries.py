"""The hand-written mutants: what is written about each, and putting one into a copy of the project."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_WRITTEN = Path(__file__).parent / "security"


class NotApplicable(Exception):
    """The code has moved on: the text that the mutant replaces is not there exactly once."""


@dataclass(frozen=True)
class Edit:
    """One exact replacement in one file."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A weakness, why it matters, and the tests (pytest's node ids) of which at least one must turn red.

    Tests that run on both databases run on SQLite alone, unless the mutant needs PostgreSQL to show.
    """

    name: str
    why: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    postgresql: bool


def load() -> tuple[Mutant, ...]:
    """Every mutant, in the order of the files."""
    return tuple(
        _read(entry)
        for path in sorted(_WRITTEN.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    )


def _read(entry: dict[str, Any]) -> Mutant:
    edits = tuple(Edit(**edit) for edit in entry["edit"])
    return Mutant(entry["name"], entry["why"], edits, tuple(entry["tests"]), entry.get("postgresql", False))


def mutated(mutant: Mutant, root: Path) -> dict[Path, str]:
    """The files of a tree with the mutant in them; nothing is written. Raises `NotApplicable`."""
    texts: dict[Path, str] = {}
    for edit in mutant.edits:
        path = root / edit.file
        text = texts.get(path) or path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise NotApplicable(f"{edit.file} holds {text.count(edit.old)} times, not once: {edit.old.strip()[:60]}")
        if edit.new == edit.old:
            raise NotApplicable(f"{edit.file}: the mutant changes nothing")
        texts[path] = text.replace(edit.old, edit.new)
    return texts
