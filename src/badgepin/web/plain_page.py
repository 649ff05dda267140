"""Small pages of the house itself, without a template: a sentence, and perhaps a form."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.125rem/1.5 system-ui,sans-serif;padding:1rem}
main{max-width:32rem}
h1{font-size:1.5rem;line-height:1.25}
button{font:inherit;min-height:3rem;padding:0 1.5rem;border-radius:.75rem;border:2px solid currentColor;cursor:pointer}
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-{nonce}'; script-src {script}; "
)


@dataclass(frozen=True)
class PlainPage:
    """HTML, and the headers that go with it."""

    html: str
    headers: Mapping[str, str]


def sentence_page(title: str, sentence: str) -> PlainPage:
    """A page that says one thing."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p>", form_action="'none'")


def question_page(
    title: str, sentence: str, action: str, button: str, fields: Mapping[str, str], *, refuse: str = ""
) -> PlainPage:
    """A page that asks before it acts; `refuse` is the button that posts `answer=no`, '' for none."""
    no = f' <button name="answer" value="no">{escape(refuse)}</button>' if refuse else ""
    form = (
        f'<form method="post" action="{escape(action)}">{_hidden(fields)}<button>{escape(button)}</button>{no}</form>'
    )
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p>{form}", form_action="'self'")


def posting_page(action: str, fields: Mapping[str, str]) -> PlainPage:
    """A page that posts these values to an application by itself (OAuth 2.0 Form Post Response Mode)."""
    button = "<noscript><button>→</button></noscript>"
    form = f'<form method="post" action="{escape(action)}">{_hidden(fields)}{button}</form>'
    where = urlsplit(action)
    return _page("…", form, form_action=f"{where.scheme}://{where.netloc}", script="document.forms[0].submit()")


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in fields.items())


def _page(title: str, body: str, *, form_action: str, script: str = "") -> PlainPage:
    nonce = secrets.token_urlsafe(18)
    running = f'<script nonce="{nonce}">{script}</script>' if script else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main>{body}</main>{running}</body></html>'
    )
    policy = _POLICY.format(nonce=nonce, script=f"'nonce-{nonce}'" if script else "'none'")
    headers = {"content-security-policy": f"{policy}form-action {form_action}", "cache-control": "no-store"}
    return PlainPage(html, headers)
