"""A copy of the program with lines of it changed: to count inside of it, or to take one of its rules away."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import badgepin

_PACKAGE = Path(badgepin.__file__).parent


@dataclass(frozen=True)
class Change:
    """A passage of a file below `src/badgepin/`, and what stands there instead."""

    file: str
    before: str
    after: str


def changed_source(folder: Path, changes: Iterable[Change]) -> Path:
    """A folder for PYTHONPATH with the changed program. Raises `ValueError` where a passage is not there once."""
    copy = folder / _PACKAGE.name
    shutil.copytree(_PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        path = copy / change.file
        text = path.read_text(encoding="utf-8")
        if text.count(change.before) != 1:
            raise ValueError(f"{change.file} holds this passage {text.count(change.before)} times: {change.before!r}")
        path.write_text(text.replace(change.before, change.after), encoding="utf-8")
    return folder
