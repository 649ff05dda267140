"""What somebody can give to a person, and what it leads to when one hand gives both."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Hand(Enum):
    """What somebody gave to a person, and therefore had in hand."""

    BADGE = "badge"
    PIN = "pin"


@dataclass(frozen=True)
class DualControl:
    """What one hand with both leads to, and how long an act is remembered."""

    blocks: bool = False
    span: timedelta = timedelta(hours=24)
