"""PDF documents: badges on sheets, PIN slips, and a page to check the printer with."""

from collections.abc import Callable, Iterable

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.printing.badge import Design, PinSlip, PrintedBadge
from badgepin.printing.canvas import Canvas
from badgepin.printing.face import face
from badgepin.printing.layout import A4, Layout
from badgepin.printing.sheet import cut_marks
from badgepin.printing.slip import SLIPS_ON_A_PAGE, slip
from badgepin.printing.trial import trial_marks

Write = Callable[[bytes], object]


def pdf_badges(badges: Iterable[PrintedBadge], layout: Layout, design: Design, write: Write) -> int:
    """Write one document with all badges, from `design.starting_label` on; returns how many it holds.

    The document is kept in memory until its end, about 14 kB a badge. Without badges nothing is written. Raises
    `InvalidValue` when a symbol does not fit or the starting label does not exist.
    """
    if not 1 <= design.starting_label <= layout.labels:
        message = f"The starting label must be 1 to {layout.labels} on this sheet."
        raise InvalidValue(Reason.VALUE_INVALID, property="starting_label", message=message)
    canvas = Canvas(layout.page_width, layout.page_height, design.organization)
    place, count = design.starting_label - 1, 0
    for badge in badges:
        if count == 0 or place == layout.labels:
            place %= layout.labels
            canvas.add_page()
            if design.cut_marks and layout.has_cut_marks:
                canvas.paint(cut_marks(layout))
        canvas.paint(face(badge, layout.spot(place), design))
        place, count = place + 1, count + 1
    if count:
        write(canvas.finished())
    return count


def pdf_pin_slips(slips: Iterable[PinSlip], design: Design, write: Write, *, page: tuple[float, float] = A4) -> int:
    """Write one document with a folding slip for each person, three to a page; returns how many it holds."""
    canvas = Canvas(*page, design.organization)
    count = 0
    for one in slips:
        if count % SLIPS_ON_A_PAGE == 0:
            canvas.add_page()
        canvas.paint(slip(one, count % SLIPS_ON_A_PAGE, page, design))
        count += 1
    if count:
        write(canvas.finished())
    return count


def pdf_test_page(layout: Layout, design: Design, write: Write) -> None:
    """Write a page with rulers, fine lines, the outline of every label and a symbol that is no badge."""
    canvas = Canvas(layout.page_width, layout.page_height, design.words.test_page)
    canvas.add_page()
    canvas.paint(trial_marks(layout, design))
    write(canvas.finished())
