"""Reading what a page sent, and answering it: what every route of this door does the same way."""

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from badgepin.portal.page import Page, render_problem
from badgepin.portal.view import ProblemView, brand_of
from badgepin.portal.words import choose_language, sentence
from badgepin.web.installation import Installation

MOST_BODY = 16_384
NO_STORE = {"cache-control": "no-store"}


async def read_body(request: Request) -> bytes:
    """The body; one that is too long is as good as empty."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BODY:
            return b""
    return raw


async def read_json(request: Request) -> dict[str, object]:
    """The body's object; one that cannot be read is as good as empty, and refused like any other."""
    try:
        body = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def language_of(request: Request) -> str:
    """The language that the browser asks for."""
    return choose_language(request.headers.get("accept-language", ""))


def html_answer(page: Page, status: int = 200) -> Response:
    """A page that nobody keeps."""
    return HTMLResponse(page.html, status_code=status, headers={**NO_STORE, **page.headers})


def problem_page(installation: Installation, language: str, key: str, status: int) -> Response:
    """A page that says one sentence."""
    return html_answer(render_problem(ProblemView(brand_of(installation.settings, None), language, key)), status)


def unavailable_answer(language: str) -> Response:
    """503 for a script: nothing was changed."""
    error = {"code": "unavailable", "message": sentence(language, "unavailable")}
    return JSONResponse({"error": error}, status_code=503, headers={**NO_STORE, "retry-after": "2"})
