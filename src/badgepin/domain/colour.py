"""Whether words can be read on a colour (WCAG 2.2, 1.4.3)."""

import re

_HEX = re.compile(r"\A#[0-9a-fA-F]{6}\Z")
READABLE = 4.5


def contrast_with_white(colour: str) -> float | None:
    """The contrast of white text on `#rrggbb`, from 1 to 21; None when it is not written like this."""
    if _HEX.match(colour) is None:
        return None
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
