"""OData paths: split before unquoting, match in any case, read keys in both spellings.

`/users/a%2Fb@x`, `/users('o''neil@x')` and `/USERS/{id}` all reach the template `/users/{user}`. A function is called
with its parameters in any order: `/f(a='x',b='y')` and `/F(b='y', a='x')` reach the template `/f(a='{a}',b='{b}')`, and
`/f()` reaches `/f`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

R = TypeVar("R")

_KEYED = re.compile(r"^(?P<name>[^(]+)\((?:\w+=)?(?P<key>'(?:[^']|'')*'|[^']*)\)$", re.DOTALL)
_VALUE = r"'(?:[^']|'')*'|[^',()]*"
# the Python SDK leaves the comma out
_PARAMETER = re.compile(rf"\s*(?P<name>\w+)\s*=\s*(?P<value>{_VALUE})\s*(?:,|\Z|(?=\w))", re.ASCII)
_CALL = re.compile(r"^(?P<name>[^(]+)\((?P<parameters>.*)\)\Z", re.DOTALL)
# in front of a parameter's name; no path can carry it, so a parameter is never mistaken for a segment
_MARK = "\x00"
_MAX_SEGMENTS = 16


class BadPath(Exception):
    """A path that cannot be read; `segment` is where it goes wrong."""

    def __init__(self, segment: str) -> None:
        super().__init__(segment)
        self.segment = segment


@dataclass
class _Node(Generic[R]):
    literals: dict[str, "_Node[R]"] = field(default_factory=dict)
    key: "_Node[R] | None" = None
    key_name: str = ""
    routes: dict[str, R] = field(default_factory=dict)


@dataclass(frozen=True)
class Match(Generic[R]):
    """The routes of a path by verb, and the keys read from it."""

    routes: Mapping[str, R]
    keys: Mapping[str, str]


class PathTable(Generic[R]):
    """A tree of path templates; literals match in any case and win over keys."""

    def __init__(self) -> None:
        self._root: _Node[R] = _Node()

    def add(self, verb: str, template: str, route: R) -> None:
        """Register a template such as `/users/{user}/authentication`."""
        node = self._root
        parts = [part for piece in template.strip("/").split("/") for part in _called(piece) or [piece]]
        for part in parts:
            if part.startswith("{"):
                node.key = node.key or _Node()
                node.key_name = part.strip("{}")
                node = node.key
            else:
                node = node.literals.setdefault(part.casefold(), _Node())
        node.routes[verb] = route

    def match(self, segments: Iterable[str]) -> Match[R]:
        """The routes at a path; raises `BadPath` at the first segment that nobody knows."""
        node, keys, last = self._root, dict[str, str](), ""
        for segment in segments:
            last = segment
            literal = node.literals.get(segment.casefold())
            if literal is not None:
                node = literal
            elif node.key is not None and segment and not segment.startswith(_MARK):
                keys[node.key_name] = segment
                node = node.key
            else:
                raise BadPath(segment.removeprefix(_MARK))
        if not node.routes:
            raise BadPath(last)
        return Match(node.routes, keys)


def split_path(raw: str) -> list[str]:
    """The unquoted segments of a raw (still percent-encoded) path, with keys and parameters split off their names."""
    segments: list[str] = []
    for raw_segment in raw.strip("/").split("/"):
        try:
            segment = unquote_to_bytes(raw_segment).decode()
        except UnicodeDecodeError:
            raise BadPath(raw_segment) from None
        if "\x00" in segment or len(segments) >= _MAX_SEGMENTS:
            raise BadPath(segment.replace("\x00", ""))
        called = _called(segment)
        keyed = _KEYED.match(segment)
        if called is not None:
            segments += called
        elif keyed is None or (not segments and segment.startswith("(")):
            segments.append(segment)
        else:
            segments += [keyed["name"], _unquoted_key(keyed["key"])]
    return segments


def _called(segment: str) -> list[str] | None:
    """A function's name and its parameters in the order of their names; None for anything but `f()` and two or more.

    One parameter looks like a key, and is read as one.
    """
    call = _CALL.match(segment)
    if call is None:
        return None
    text, at, given = call["parameters"], 0, dict[str, str]()
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None or found["name"].casefold() in given:
            return None
        given[found["name"].casefold()] = _unquoted_key(found["value"])
        at = found.end()
    if len(given) == 1 or text.rstrip().endswith(","):
        return None
    return [call["name"], *(part for name in sorted(given) for part in (f"{_MARK}{name}", given[name]))]


def _unquoted_key(key: str) -> str:
    return key[1:-1].replace("''", "'") if key.startswith("'") else key
