"""The house's rules about text: what a file may point to."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import ROOT

# every host that the project's text may name; anything else, a package registry above all, is a mistake
KNOWN_HOSTS = {
    "graph.microsoft.com",  # the API we are compatible with
    "login.microsoftonline.com",  # the issuer that clients expect
    "learn.microsoft.com",  # its documentation
    "docs.oasis-open.org",  # OData's namespaces
    "json-schema.org",  # JSON Schema's dialects
    "spec.openapis.org",  # OpenAPI's dialects
    "www.w3.org",  # SVG's namespace
    "openid.net",  # OpenID Connect's pages
    "schemas.openid.net",  # the name of the back-channel logout event
    "10.0.0.1",  # private addresses that the guard of outbound requests refuses
    "192.168.1.1",
    "169.254.169.254",
    "[fe80::1]",
    "datatracker.ietf.org",  # RFCs
    "www.rfc-editor.org",  # RFCs
    "www.apache.org",  # the licence
    "keepachangelog.com",  # the changelog's form
}
# names and addresses that are reserved for examples, and IPv4 and IPv6 loopback
_RESERVED = re.compile(
    r"(.*\.)?(example|test|invalid|localhost|example\.(com|org|net))|127(\.\d+){3}|0\.0\.0\.0|\[?::1\]?"
)
_ADDRESS = re.compile(r"(?:https?|wss?)://(?:[^\s/@\"'`<>]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+\.[A-Za-z0-9]+)")
_MACHINE_PATH = re.compile(r"(?<![\w./{}*-])/(?:root|work|home)/[\w.]")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def host_findings(path: Path, text: str) -> Iterator[str]:
    """The machine decides where packages come from; no file names a registry, nor any host without a reason."""
    for host in _ADDRESS.findall(text):
        if host.lower() not in KNOWN_HOSTS and not _RESERVED.fullmatch(host.lower()):
            yield f"{path}: names the host {host} (tests/architecture/text_rules.py lists those we may name)"


def machine_findings(path: Path, text: str) -> Iterator[str]:
    """Nothing depends on where somebody keeps a checkout."""
    for match in _MACHINE_PATH.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield f"{path}:{line}: names a path of one machine"


def link_findings(path: Path, text: str, root: Path = ROOT) -> Iterator[str]:
    """A relative link leads to a file, and its anchor to a heading."""
    if path.suffix != ".md":
        return
    for target in _LINK.findall(_without_code(text)):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (root / path.parent / name) if name else root / path
        if not file.exists():
            yield f"{path}: {target} leads nowhere"
        elif anchor and anchor not in _anchors(file.read_text(encoding="utf-8")):
            yield f"{path}: {target} has no such heading"


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def _anchors(text: str) -> set[str]:
    headings = _HEADING.findall(text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
