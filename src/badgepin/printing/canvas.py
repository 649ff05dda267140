"""Marks on pages of a PDF document: real text, and symbols as filled rectangles."""

import io

from fpdf import FPDF
from fpdf.enums import TextDirection

from badgepin.printing.lettering import Run
from badgepin.printing.marks import Box, Image, Mark, Symbol, Words
from badgepin.printing.symbol import symbol_runs
from badgepin.printing.typeface import Typeface

_POINTS = 72 / 25.4


class Canvas:
    """A document under way: pages of one size in millimetres."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._pdf = FPDF(unit="mm", format=(width, height))
        self._height = height
        self._pdf.set_title(title)
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pictures: dict[bytes, io.BytesIO] = {}

    def add_page(self) -> None:
        """A new page; later marks stand on it."""
        self._pdf.add_page()

    def paint(self, marks: list[Mark]) -> None:
        """The marks, in their order."""
        for mark in marks:
            match mark:
                case Box():
                    self._pdf.set_fill_color(mark.colour)
                    self._pdf.rect(mark.x, mark.y, mark.width, mark.height, style="F")
                case Words():
                    self._words(mark)
                case Symbol():
                    self._symbol(mark)
                case Image():
                    self._image(mark)

    def finished(self) -> bytes:
        """The document."""
        return bytes(self._pdf.output())

    def _words(self, words: Words) -> None:
        self._pdf.set_text_color(words.colour)
        x = words.x
        for run in words.line.runs:
            width = run.width * words.size
            self._use(run.typeface, words.size * _POINTS)
            self._pdf.set_text_shaping(
                use_shaping_engine=True, direction=TextDirection.RTL if run.is_right_to_left else TextDirection.LTR
            )
            # a cell without height puts its baseline 0.3 em below
            self._pdf.set_xy(x, words.y - 0.3 * words.size)
            self._pdf.cell(w=width, h=0, text=_plain(run))
            x += width

    def _use(self, typeface: Typeface, points: float) -> None:
        if typeface.family not in self._pdf.fonts:
            self._pdf.add_font(typeface.family, fname=typeface.path)
        self._pdf.set_font(typeface.family, size=points)

    def _symbol(self, symbol: Symbol) -> None:
        # one grid, scaled: whole numbers are short, and thousands of symbols stay in memory until the document ends
        scale = symbol.module * _POINTS
        left, top = symbol.x * _POINTS, (self._height - symbol.y) * _POINTS
        runs = " ".join(f"{column} {row} {length} 1 re" for row, column, length in symbol_runs(symbol.rows))
        drawing = f"q 0 g {scale:.6f} 0 0 {-scale:.6f} {left:.4f} {top:.4f} cm {runs} f Q"
        self._pdf._out(drawing)  # noqa: SLF001 - the library's own rectangles cost ten times as much

    def _image(self, image: Image) -> None:
        content = image.picture.content
        # the library keeps a picture once for each stream that it is given
        stream = self._pictures.setdefault(content, io.BytesIO(content))
        stream.seek(0)
        self._pdf.image(stream, image.x, image.y, image.width, image.height)


def _plain(run: Run) -> str:
    return run.text.replace("\t", " ")
