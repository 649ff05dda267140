"""The page's own files. Their address holds a digest of them all, so that browsers may keep them for ever."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_MEDIA = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
}


@cache
def _files() -> Mapping[str, tuple[bytes, str]]:
    found = {}
    for folder, prefix in ((_HERE / "static", ""), (_HERE / "words", "words/")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _MEDIA and path.is_file():
                name = prefix + path.relative_to(folder).as_posix()
                found[name] = (path.read_bytes(), _MEDIA[path.suffix])
    return found


@cache
def static_path() -> str:
    """The path below which this version's files are."""
    digest = hashlib.sha256()
    for name, (content, _) in _files().items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return f"/static/{digest.hexdigest()[:16]}"


def static_file(digest: str, name: str) -> tuple[bytes, str] | None:
    """Content and media type of a file of this version; None when there is no such file."""
    return _files().get(name) if f"/static/{digest}" == static_path() else None


def digest_of(name: str) -> str:
    """The subresource integrity value of a file (W3C SRI)."""
    raw = hashlib.sha384(_files()[name][0]).digest()
    return f"sha384-{base64.b64encode(raw).decode()}"
