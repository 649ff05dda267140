"""What is printed: one badge, one PIN slip, and the looks that all of a batch share. Every word arrives translated."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class PrintedBadge:
    """One person's code on paper.

    `text` is what the QR symbol says and a secret. The first 8 characters of `code_id` are printed for whoever
    revokes badges. `ends_at` is a whole sentence, such as "Ends today at 18:00". `photo` is a PNG or JPEG; for a batch,
    `photo_file` names one that is read when the badge is drawn.
    """

    name: str
    text: str = field(repr=False)
    error_correction_level: Literal["l", "m", "q", "h"]
    code_id: str
    store: str = ""
    ends_at: str = ""
    kind: Literal["standard", "temporary"] = "standard"
    photo: bytes = field(default=b"", repr=False)
    photo_file: str = ""
    job_title: str = ""


@dataclass(frozen=True)
class PinSlip:
    """One person's first PIN on a sheet of its own: never together with the badge (security design 3.2)."""

    name: str
    store: str
    pin: str = field(repr=False)
    code_id: str


@dataclass(frozen=True)
class PaperWords:
    """The few fixed words on paper."""

    temporary: str = "Temporary"
    badge_id: str = "Badge ID"
    fold_here: str = "Fold here"
    pin: str = "PIN"
    keep_secret: str = "Keep it to yourself. You choose your own PIN when you first sign in."  # noqa: S105 - a sentence
    hand_over: str = "For this person only. Hand it over folded."
    test_page: str = "Test page: print at 100 %, no scaling. The rulers must measure right."
    sample: str = "Sample"


@dataclass(frozen=True)
class Design:
    """How a batch looks.

    `colour` is `#rrggbb`. `logo` is a PNG, JPEG or SVG (see `read_logo`). `dots_per_inch` is the printer's: modules of
    the QR symbol are whole dots of it. `starting_label` counts from 1, for sheets that were used before. `fonts` names
    font files for scripts that the shipped ones lack.
    """

    organization: str
    colour: str = "#1a5fb4"
    logo: bytes = field(default=b"", repr=False)
    if_found: str = ""
    dots_per_inch: int = 300
    starting_label: int = 1
    cut_marks: bool = True
    words: PaperWords = PaperWords()
    fonts: tuple[str, ...] = ()
