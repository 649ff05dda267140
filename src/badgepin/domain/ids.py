"""Ids are lower-case GUIDs as text; any case is read (graph-contract 3.6)."""

import re

_GUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def canonical_guid(text: str) -> str | None:
    """The lower-case form of a GUID, or None when the text is not one."""
    lowered = text.lower()
    return lowered if _GUID.match(lowered) and lowered.isascii() else None


def is_guid(text: str) -> bool:
    """Whether a text is a GUID, in any case."""
    return canonical_guid(text) is not None
