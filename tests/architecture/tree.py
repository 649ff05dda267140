"""The files that belong to the project: what git tracks or would track."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".json",
    ".sh",
    ".mako",
    ".js",
    ".mjs",
    ".html",
    ".css",
    ".yml",
    ".yaml",
    ".service",
    "",
}


@cache
def files() -> tuple[Path, ...]:
    """Every text file of the project, relative to its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    paths = sorted(Path(name) for name in set(listed) if name)
    return tuple(path for path in paths if path.suffix in _TEXT and (ROOT / path).is_file())


def python_files() -> list[Path]:
    """The project's Python files."""
    return [path for path in files() if path.suffix == ".py"]


def read(path: Path) -> str:
    """The text of one of them."""
    return (ROOT / path).read_text(encoding="utf-8")
