"""The house's rules about code: each takes a file and says what is wrong with it."""

import ast
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 400
MOST_LINES_OF_A_TEST = 600
MOST_LINES_OF_A_FUNCTION = 60
_PROOFS = {"given", "kept", "mac", "digest", "secret", "row_mac"}
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def size_findings(path: Path, source: str) -> Iterator[str]:
    """A file holds one idea."""
    if _is_migration(path):
        return
    most = MOST_LINES_OF_A_TEST if path.parts[0] == "tests" else MOST_LINES
    lines = len(source.splitlines())
    if lines > most:
        yield f"{path}: {lines} lines, at most {most}"


def function_findings(path: Path, source: str) -> Iterator[str]:
    """A function fits on a screen."""
    if _is_migration(path):
        return
    for node in _functions(source):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MOST_LINES_OF_A_FUNCTION:
            yield f"{path}:{node.lineno}: {node.name} has {lines} lines, at most {MOST_LINES_OF_A_FUNCTION}"


def name_findings(path: Path, _source: str) -> Iterator[str]:
    """A file is named after its idea."""
    for part in (*path.parts[:-1], path.stem):
        if JUNK_DRAWERS & set(part.lower().split("_")):
            yield f"{path}: `{part}` names a junk drawer, not an idea"


def import_findings(path: Path, source: str) -> Iterator[str]:
    """Imports stand at the top, where the import contracts see them."""
    for function in _functions(source):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{path}:{node.lineno}: import inside {function.name}"


def clock_findings(path: Path, source: str) -> Iterator[str]:
    """Time is an argument in the domain and in services: the clock is read at the edge."""
    if not path.is_relative_to("src/badgepin/domain") and not path.is_relative_to("src/badgepin/services"):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            owner = ast.unparse(node.value)
            if owner.split(".")[-1] in {"datetime", "date"}:
                yield f"{path}:{node.lineno}: {owner}.{node.attr} reads the clock"


def comparison_findings(path: Path, source: str) -> Iterator[str]:
    """What proves something is compared in constant time: `==` tells by its time how much was right."""
    if not path.is_relative_to("src/badgepin/crypto") and not path.is_relative_to("src/badgepin/web"):
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        names = {ast.unparse(side).rpartition(".")[2] for side in (node.left, *node.comparators)}
        if names & _PROOFS:
            yield f"{path}:{node.lineno}: `{ast.unparse(node)}` wants hmac.compare_digest"


def _is_migration(path: Path) -> bool:
    # a revision is a frozen record of the schema, written by the tool
    return path.is_relative_to("src/badgepin/store/migrations/versions")


def _functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
