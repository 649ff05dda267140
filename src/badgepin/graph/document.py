"""Beyond Graph: badges on paper. Whoever was given a badge's text shows it and gets a document; nothing is kept."""

import base64
import logging
from dataclasses import replace
from pathlib import Path

from badgepin.domain.qr_code import CodeKind
from badgepin.graph.body import Json, integer, invalid, required_text, text
from badgepin.graph.errors import unavailable
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.printing.badge import Design, PaperWords, PrintedBadge
from badgepin.printing.press import PressJammed
from badgepin.services.printable import Printable, read_printables
from badgepin.services.tenant import find_tenant

log = logging.getLogger(__name__)

_MOST = 100
_RESOLUTIONS = (203, 300, 600)
MEDIA = {"pdf": "application/pdf", "zpl": "application/zpl", "png": "image/png", "svg": "image/svg+xml"}
_LONGEST_NOTE = 120
# of a photo in base64: one megabyte
_LONGEST_PHOTO = 1_400_000
_WORDS = {
    "temporary": ("temporaryWord", 40),
    "badge_id": ("badgeIdWord", 40),
    "fold_here": ("foldHereWords", 60),
    "pin": ("pinWord", 40),
    "keep_secret": ("keepSecretWords", 200),
    "hand_over": ("handOverWords", 120),
}


async def make_document(request: GraphRequest) -> GraphResponse:
    """POST badges by their texts and get them as PDF, ZPL, PNG or SVG; without badges, the layout's test page."""
    body = request.body()
    wanted = _badges(body)
    form = (text(body, "format") or "pdf").lower()
    if form not in MEDIA:
        raise invalid(f"There is no format '{form[:40]}': choose one of {', '.join(MEDIA)}.")
    rules = request.installation.lockout_rules
    texts = [required_text(badge, "text") for badge in wanted]
    found = await request.installation.database.read(lambda tx: read_printables(tx, request.call, texts, rules))
    notes = [text(badge, "note", longest=_LONGEST_NOTE) for badge in wanted]
    photos = [_photo(badge) for badge in wanted]
    printed = [_printed(one, note, photo) for one, note, photo in zip(found, notes, photos, strict=True)]
    design = await read_design(request, body)
    job = {"layout": required_text(body, "layout"), "format": form, "design": design, "badges": printed}
    try:
        content = await request.installation.press.run(job)
    except PressJammed as error:
        log.warning("A print job failed: %s", error)
        raise unavailable() from error
    headers = {
        "content-type": MEDIA[form],
        "content-disposition": f'attachment; filename="badges.{form}"',
        # a badge is a key: no cache may keep a copy
        "cache-control": "no-store",
    }
    return GraphResponse(200, content, headers)


def _badges(body: Json) -> list[Json]:
    given = body.get("badges", [])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise invalid("Property 'badges' must be an array of objects, each with a 'text'.")
    if len(given) > _MOST:
        raise invalid(f"A document of this operation holds at most {_MOST} badges.")
    return given


def _printed(one: Printable, note: str | None, photo: bytes) -> PrintedBadge:
    temporary = one.kind is CodeKind.TEMPORARY
    return PrintedBadge(
        one.name,
        one.text,
        # the longer text needs the lower level to stay as large (graph-contract 8)
        "m" if one.text[:3].upper() == "BP1" else "l",
        one.code_id,
        one.store,
        note or one.expire_at.strftime("%Y-%m-%d %H:%M UTC" if temporary else "%Y-%m-%d"),
        "temporary" if temporary else "standard",
        photo=photo,
        job_title=one.job_title,
    )


def _photo(badge: Json) -> bytes:
    try:
        return base64.b64decode(text(badge, "photo", longest=_LONGEST_PHOTO) or "", validate=True)
    except ValueError as error:
        raise invalid("'photo' must be a PNG or JPEG file in base64.") from error


async def read_design(request: GraphRequest, body: Json) -> Design:
    """How what a body asks for looks, with the installation's own logo and colour. Raises `InvalidValue`."""
    settings, tenant_id = request.installation.settings, request.call.tenant_id
    dots, first = integer(body, "dotsPerInch") or _RESOLUTIONS[1], integer(body, "startingLabel") or 1
    if dots not in _RESOLUTIONS:
        raise invalid(f"'dotsPerInch' must be one of {', '.join(map(str, _RESOLUTIONS))}: what label printers have.")
    name = settings.brand_name
    if not name:
        tenant = await request.installation.database.read(lambda tx: find_tenant(tx, tenant_id))
        name = tenant.display_name if tenant else ""
    return Design(
        name,
        settings.brand_colour,
        _logo(settings.brand_logo),
        text(body, "ifFound", longest=200) or "",
        dots,
        first,
        words=_words(body),
        fonts=settings.print_fonts,
    )


def _words(body: Json) -> PaperWords:
    given = {name: text(body, on_wire, longest=longest) for name, (on_wire, longest) in _WORDS.items()}
    return replace(PaperWords(), **{name: word for name, word in given.items() if word})


def _logo(file: str) -> bytes:
    path = Path(file)
    return path.read_bytes() if file and path.is_file() else b""
