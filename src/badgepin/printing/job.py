"""One print job, made by a process of its own: letters and secrets leave the memory with it.

Standard input: a `Job` as JSON. Standard output: the document. What cannot be printed is a sentence on standard error.
With `--stream` the first line is a `Stream`, and each line after it one badge or one slip, drawn as it comes.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.printing.badge import Design, PinSlip, PrintedBadge
from badgepin.printing.document import pdf_badges, pdf_pin_slips, pdf_test_page
from badgepin.printing.label import png, svg, zpl
from badgepin.printing.layout import layout

REFUSED = 2


class Format(StrEnum):
    """What a document is made of."""

    PDF = "pdf"
    ZPL = "zpl"
    PNG = "png"
    SVG = "svg"


_LABELS = {Format.ZPL: zpl, Format.PNG: png, Format.SVG: svg}
_JOINED = Format.ZPL


@dataclass(frozen=True)
class Job:
    """What is printed: badges, or PIN slips, or without either a test page of the layout."""

    layout: str
    design: Design
    format: Format = Format.PDF
    badges: tuple[PrintedBadge, ...] = field(default=(), repr=False)
    slips: tuple[PinSlip, ...] = field(default=(), repr=False)


class Content(StrEnum):
    """What a stream brings."""

    BADGES = "badges"
    SLIPS = "slips"


@dataclass(frozen=True)
class Stream:
    """What the lines after this one are, and how they are drawn."""

    content: Content
    layout: str
    design: Design


def run(job: Job) -> bytes:
    """The document. Raises `InvalidValue` for what cannot be printed."""
    sheet = layout(job.layout)
    parts: list[bytes] = []
    if job.slips:
        pdf_pin_slips(job.slips, job.design, parts.append)
    elif not job.badges:
        pdf_test_page(sheet, job.design, parts.append)
    elif job.format is Format.PDF:
        pdf_badges(job.badges, sheet, job.design, parts.append)
    else:
        if len(job.badges) > 1 and job.format is not _JOINED:
            message = f"A {job.format.value.upper()} holds one badge: ask for one at a time, or for a PDF."
            raise InvalidValue(Reason.VALUE_INVALID, property="format", message=message)
        parts.extend(_LABELS[job.format](badge, sheet, job.design) for badge in job.badges)
    return b"".join(parts)


def run_stream(head: Stream, lines: Iterator[bytes]) -> bytes:
    """The document of what comes line by line. Raises `InvalidValue` for what cannot be printed."""
    parts: list[bytes] = []
    if head.content is Content.SLIPS:
        slip = msgspec.json.Decoder(PinSlip)
        pdf_pin_slips((slip.decode(line) for line in lines), head.design, parts.append)
    else:
        badge = msgspec.json.Decoder(PrintedBadge)
        pdf_badges((badge.decode(line) for line in lines), layout(head.layout), head.design, parts.append)
    return b"".join(parts)


def main() -> None:
    """Do the job that standard input describes."""
    try:
        if sys.argv[1:] == ["--stream"]:
            lines = iter(sys.stdin.buffer)
            document = run_stream(msgspec.json.decode(next(lines), type=Stream), lines)
        else:
            document = run(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))
    except InvalidValue as error:
        sys.stderr.write(str(error.details.get("message", "This cannot be printed.")))
        sys.exit(REFUSED)
    sys.stdout.buffer.write(document)


if __name__ == "__main__":
    main()
