"""What a revocation journal remembers: every end that a restored backup would undo (security design 5.4).

A record is written before its change commits. One whose commit failed ends too much after a restore, never too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RevocationKind(StrEnum):
    """What was ended. The subject is an id of that kind of thing, or of the person where it says so."""

    CODE = "code"
    """One code."""
    CODES = "codes"
    """Every code that a person had then."""
    STANDARD_CODES = "standard-codes"
    """Every standard code that a person had then, the one that waits to take over too."""
    METHOD = "method"
    """A person's method: the codes and the PIN they had then."""
    EXPIRY = "expiry"
    """The end of one code was moved to `until`."""
    PIN = "pin"
    """Every version of a PIN before `version`."""
    PIN_SPENT = "pin-spent"
    """A PIN whose lifetime budget was used up."""
    STEP = "step"
    """A wait of one code (`other`) at a PIN, until `until`, after `failures` and `life` of them in all."""
    USER = "user"
    """A person who was disabled or deleted; they come back disabled."""
    PASSKEY = "passkey"
    """A passkey of the desk."""
    APPLICATION = "application"
    """An application that was disabled or deleted; it comes back disabled."""
    CREDENTIAL = "credential"
    """A secret or a certificate of an application."""


FINAL = frozenset(
    {
        RevocationKind.CODE,
        RevocationKind.CODES,
        RevocationKind.STANDARD_CODES,
        RevocationKind.METHOD,
        RevocationKind.PIN,
        RevocationKind.PASSKEY,
        RevocationKind.CREDENTIAL,
    }
)
"""Ends that nothing undoes later, so that they may be repeated at any time."""


@dataclass(frozen=True)
class Revocation:
    """One end; `at` is the time of the request that made it, where replaying it needs that."""

    kind: RevocationKind
    tenant_id: str
    subject: str
    at: datetime | None = None
    other: str = ""
    version: int = 0
    failures: int = 0
    life: int = 0
    until: datetime | None = None


@dataclass(frozen=True)
class JournalRecord:
    """A revocation with its place in one node's journal; places count from 1."""

    seq: int
    revocation: Revocation


class Journal(Protocol):
    """Where revocations are written down before they happen."""

    def append(self, revocations: Sequence[Revocation]) -> None:
        """Keep them for good: when this returns they are on the disk. Raises `OSError`; then nothing may be revoked."""
        ...
