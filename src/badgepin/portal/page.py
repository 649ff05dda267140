"""Drawing the pages: HTML with the headers that fence it in (security design 8)."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from badgepin.domain.pin import LONGEST, SHORTEST
from badgepin.portal.static_files import digest_of, static_path
from badgepin.portal.view import Brand, DeskView, DoneView, ProblemView, SignInView
from badgepin.portal.words import LANGUAGES, RIGHT_TO_LEFT, desk_words, words

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'nonce-{nonce}'; img-src 'self' blob: data:; media-src blob:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True)
class Page:
    """HTML, and the headers that go with it."""

    html: str
    headers: Mapping[str, str]


def render_sign_in(view: SignInView) -> Page:
    """Scan, PIN, new PIN: one page that changes its step."""
    configuration = {
        "origin": view.base_url,
        "base": view.base_path,
        "request": view.sealed_request,
        "static": static_path(),
        "language": view.language,
        "words": dict(words(view.language)),
        "least": SHORTEST,
        "most": LONGEST,
    }
    # inside a script element only this character could end it
    text = json.dumps(configuration, ensure_ascii=False).replace("<", "\\u003c")
    return _draw("sign_in.html", view.brand, view.language, camera=True, view=view, configuration=text)


def render_desk(template: str, view: DeskView) -> Page:
    """A page in front of the desk: signing in, or taking up an invitation."""
    configuration = {
        "base": view.base_path,
        "language": view.language,
        "words": dict(words(view.language)),
    }
    text = json.dumps(configuration, ensure_ascii=False).replace("<", "\\u003c")
    return _draw(template, view.brand, view.language, view=view, configuration=text)


def render_desk_shell(view: DeskView) -> Page:
    """The desk itself: an empty page that its scripts fill from the API."""
    said = {**words(view.language), **desk_words(view.language)}
    configuration = {
        "base": view.base_path,
        "brand": view.brand.name,
        "language": view.language,
        "static": static_path(),
        "token": view.token,
        "words": said,
    }
    text = json.dumps(configuration, ensure_ascii=False).replace("<", "\\u003c")
    return _draw("desk.html", view.brand, view.language, words=said, configuration=text)


def render_done(view: DoneView) -> Page:
    """Who is signed in, until when, and the way out."""
    return _draw("done.html", view.brand, view.language, view=view)


def render_problem(view: ProblemView) -> Page:
    """One sentence."""
    return _draw("problem.html", view.brand, view.language, sentence=words(view.language)[view.key])


def _draw(template: str, brand: Brand, language: str, *, camera: bool = False, **values: object) -> Page:
    nonce = secrets.token_urlsafe(18)
    common = {
        "nonce": nonce,
        "brand": brand,
        "language": language,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "languages": {code: words(code)["languageName"] for code in LANGUAGES},
        "words": words(language),
        "static": static_path(),
        "integrity": digest_of,
    }
    html = _environment().get_template(template).render(common | values)
    headers = {"content-security-policy": _POLICY.format(nonce=nonce)}
    if camera:
        headers["permissions-policy"] = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
    return Page(html, headers)


@cache
def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
