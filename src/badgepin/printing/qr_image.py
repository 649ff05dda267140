"""The QR symbol as Graph's clients expect it: a bare SVG document, whole pixels per module (graph-contract 8.2)."""

import io

import segno

_PIXELS = 3
_QUIET = 4


def qr_svg(text: str, *, error: str) -> bytes:
    """An SVG that begins with `<svg`: 3 pixels a module, a quiet zone of 4 modules. `error` is l, m, q or h."""
    symbol = _symbol(text, error)
    rows = [bytes(row) for row in symbol.matrix]
    size = (len(rows) + 2 * _QUIET) * _PIXELS
    path = "".join(_runs(y, row) for y, row in enumerate(rows))
    return (
        f'<svg version="1.1" baseProfile="full" shape-rendering="crispEdges" width="{size}" height="{size}"'
        f' xmlns="http://www.w3.org/2000/svg"><rect width="{size}" height="{size}" fill="#ffffff"/>'
        f'<path fill="#000000" d="{path}"/></svg>'
    ).encode()


def qr_terminal(text: str, *, error: str) -> str:
    """The symbol in half-block characters, for a dark or light terminal."""
    out = io.StringIO()
    _symbol(text, error).terminal(out, border=_QUIET, compact=True)
    return out.getvalue()


def _symbol(text: str, error: str) -> segno.QRCode:
    return segno.make(text, error=error, micro=False, boost_error=False)


def _runs(y: int, row: bytes) -> str:
    path, x = "", 0
    while x < len(row):
        if not row[x]:
            x += 1
            continue
        start = x
        while x < len(row) and row[x]:
            x += 1
        left, top, width = (start + _QUIET) * _PIXELS, (y + _QUIET) * _PIXELS, (x - start) * _PIXELS
        path += f"M{left} {top}h{width}v{_PIXELS}h-{width}z"
    return path
