"""One badge for a label printer or a screen: ZPL, PNG and SVG."""

import base64
import io
from xml.sax.saxutils import escape, quoteattr

from badgepin.printing.badge import Design, PrintedBadge
from badgepin.printing.face import face
from badgepin.printing.layout import Layout, Spot
from badgepin.printing.lettering import Run
from badgepin.printing.marks import BLACK, Box, Image, Mark, Symbol, Words
from badgepin.printing.raster import drawn, rows_of
from badgepin.printing.symbol import symbol_runs
from badgepin.printing.typeface import Weight

_INCH = 25.4
# ZPL's counts: G to Y are 1 to 19, g to z are 20 to 400 in steps of 20
_ONES = "GHIJKLMNOPQRSTUVWXY"
_TWENTIES = "ghijklmnopqrstuvwxyz"
_MOST_COUNT = 419


def zpl(badge: PrintedBadge, layout: Layout, design: Design) -> bytes:
    """A label as one picture in ZPL II, so that every script prints and every module is whole dots.

    `design.dots_per_inch` must be the printer's (203, 300 or 600). Raises as `face` does.
    """
    picture = drawn(
        _marks(badge, layout, design), layout.label_width, layout.label_height, design.dots_per_inch, grey=True
    )
    rows = list(rows_of(picture))
    stride = len(rows[0])
    size = stride * len(rows)
    field = f"^FO0,0^GFA,{size},{size},{stride},{_compressed(rows)}^FS"
    # ^LH, ^LT and ^PO undo what an earlier job may have left behind
    return f"^XA^LH0,0^LT0^PON^PW{picture.width}^LL{picture.height}{field}^PQ1^XZ\n".encode()


def png(badge: PrintedBadge, layout: Layout, design: Design) -> bytes:
    """A label in colour at `design.dots_per_inch`. An SVG logo is left out. Raises as `face` does."""
    out = io.BytesIO()
    picture = drawn(_marks(badge, layout, design), layout.label_width, layout.label_height, design.dots_per_inch)
    picture.save(out, "PNG", dpi=(design.dots_per_inch, design.dots_per_inch), optimize=True)
    return out.getvalue()


def svg(badge: PrintedBadge, layout: Layout, design: Design) -> bytes:
    """A label as a document of its own, in millimetres, text as text. Raises as `face` does.

    Lines keep the width they were measured at, whichever font the viewer has.
    """
    width, height = layout.label_width, layout.label_height
    body = "".join(_element(mark) for mark in _marks(badge, layout, design))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm"'
        f' viewBox="0 0 {width:g} {height:g}"><rect width="{width:g}" height="{height:g}" fill="#ffffff"/>{body}</svg>'
    ).encode()


def _marks(badge: PrintedBadge, layout: Layout, design: Design) -> list[Mark]:
    return face(badge, Spot(0, 0, layout.label_width, layout.label_height), design)


def _compressed(rows: list[bytes]) -> str:
    """Rows as hexadecimal digits with counts; `,` and `!` fill a row with white or black, `:` is the row before."""
    out, before = [], None
    for row in rows:
        out.append(":" if row == before else _row(row.hex().upper()))
        before = row
    return "".join(out)


def _row(digits: str) -> str:
    for digit, filler in (("0", ","), ("F", "!")):
        rest = digits.rstrip(digit)
        if len(rest) < len(digits):
            return _counted(rest) + filler
    return _counted(digits)


def _counted(digits: str) -> str:
    out, place = [], 0
    while place < len(digits):
        end = place
        while end < len(digits) and digits[end] == digits[place] and end - place < _MOST_COUNT:
            end += 1
        count = end - place
        twenties, ones = divmod(count, 20)
        if count > 2:  # noqa: PLR2004 - a count is a letter or two
            out.append((_TWENTIES[twenties - 1] if twenties else "") + (_ONES[ones - 1] if ones else ""))
            out.append(digits[place])
        else:
            out.append(digits[place] * count)
        place = end
    return "".join(out)


def _element(mark: Mark) -> str:
    match mark:
        case Box():
            return f'<rect x="{mark.x:.3f}" y="{mark.y:.3f}" width="{mark.width:.3f}" height="{mark.height:.3f}" fill="{mark.colour}"/>'  # noqa: E501
        case Symbol():
            runs = "".join(f"M{column} {row}h{length}v1h-{length}z" for row, column, length in symbol_runs(mark.rows))
            return (
                f'<path shape-rendering="crispEdges" fill="{BLACK}" d="{runs}"'
                f' transform="translate({mark.x:.4f} {mark.y:.4f}) scale({mark.module:.6f})"/>'
            )
        case Image():
            kind = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}[mark.picture.kind]
            data = base64.b64encode(mark.picture.content).decode()
            return (
                f'<image x="{mark.x:.3f}" y="{mark.y:.3f}" width="{mark.width:.3f}" height="{mark.height:.3f}"'
                f' href="data:{kind};base64,{data}"/>'
            )
        case Words():
            return _text(mark)


def _text(words: Words) -> str:
    out, x = [], words.x
    for run in words.line.runs:
        width = run.width * words.size
        if run.text.strip():
            out.append(_run(run, words, x, width))
        x += width
    return "".join(out)


def _run(run: Run, words: Words, x: float, width: float) -> str:
    mono = run.typeface.path.name == Weight.MONO.value
    family = "Noto Sans Mono, monospace" if mono else "Noto Sans, sans-serif"
    is_regular = run.typeface.path.name in {Weight.REGULAR.value, Weight.MONO.value}
    # the runs stand in the order of the paper; each keeps its own direction
    direction = ' direction="rtl" text-anchor="end"' if run.is_right_to_left else ""
    return (
        f'<text x="{x:.3f}" y="{words.y:.3f}" font-size="{words.size:.3f}" font-family={quoteattr(family)}'
        f' font-weight="{400 if is_regular else 700}" fill="{words.colour}" textLength="{width:.3f}"'
        f' lengthAdjust="spacingAndGlyphs" xml:space="preserve"{direction}>{escape(run.text)}</text>'
    )
