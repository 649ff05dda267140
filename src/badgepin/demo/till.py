"""The demo's application: a till that people sign in to, built on a standard OpenID Connect library (Authlib).

Run as a program beside the demo's server. Standard input: its configuration as JSON.
"""

import asyncio
import secrets
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

import jwt
import msgspec
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from badgepin.demo.addresses import BACK_CHANNEL, CALLBACK, SIGNED_OUT

_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_STYLE = """
:root{color-scheme:light dark;--ink:#16181d;--paper:#f5f6f8;--card:#fff;--line:#c4c9d2}
@media(prefers-color-scheme:dark){:root{--ink:#f1f3f6;--paper:#14161a;--card:#1e2127;--line:#4a505b}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:1.125rem/1.5 system-ui,sans-serif;padding:1rem;box-sizing:border-box}
main{max-width:28rem;width:100%;box-sizing:border-box;background:var(--card);border:1px solid var(--line);
border-radius:1.25rem;padding:1.5rem;text-align:center}
h1{font-size:1.5rem;margin:0 0 .5rem}
a{display:inline-block;margin-top:1rem;padding:.7rem 1.4rem;border-radius:.9rem;background:#1a5fb4;color:#fff;
text-decoration:none;font-weight:600}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;text-align:start;margin:1rem 0 0}
dt{opacity:.7}dd{margin:0}
"""


class TillSettings(msgspec.Struct, frozen=True):
    """Where the till is, and who it is at which issuer."""

    issuer: str
    client_id: str
    client_secret: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Its own address."""
        return f"http://{self.host}:{self.port}"


@dataclass
class Till:
    """Who is signed in here, by the key in their cookie; the back channel removes them by their session."""

    settings: TillSettings
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Get to know the issuer."""
        registry = OAuth()
        self.issuer = registry.register(
            "badgepin",
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            server_metadata_url=f"{self.settings.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
        )

    def application(self) -> Starlette:
        """The till as an ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/sign-in", self.sign_in),
                Route(CALLBACK, self.callback),
                Route("/sign-out", self.sign_out),
                Route(BACK_CHANNEL, self.back_channel, methods=["POST"]),
            ],
            middleware=[Middleware(SessionMiddleware, secret_key=secrets.token_hex(32), session_cookie="till")],
        )

    async def home(self, request: Request) -> Response:
        """Who is at the till."""
        person = self.people.get(request.session.get("key", ""))
        if person is None:
            return _page("The till", "<p>Nobody is signed in.</p><a href='/sign-in'>Sign in with a badge</a>")
        claims = person["claims"]
        kind = "a temporary code" if claims["qr_code_kind"] == "temporary" else "a badge"
        until = datetime.fromtimestamp(min(claims["qr_code_expires_at"], claims["auth_time"] + 12 * 3600), UTC)
        rows = {"Store": ", ".join(claims.get("stores", [])) or "none", "How": ", ".join(claims["amr"])}
        lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
        return _page(
            f"Signed in as {claims['name']}",
            f"<p>with {kind}, until {until.astimezone():%H:%M}</p><dl>{lines}</dl>"
            "<a href='/sign-out'>Not you? Sign out</a>",
        )

    async def sign_in(self, request: Request) -> Response:
        """Send the person to sign in."""
        sent: Response = await self.issuer.authorize_redirect(request, f"{self.settings.origin}{CALLBACK}")
        return sent

    async def callback(self, request: Request) -> Response:
        """They are back."""
        try:
            token = await self.issuer.authorize_access_token(request)
        except OAuthError as error:
            return _page("That did not work", f"<p>{escape(str(error))}</p><a href='/sign-in'>Try again</a>")
        key = secrets.token_urlsafe(32)
        request.session.clear()
        request.session["key"] = key
        self.people[key] = {"claims": dict(token["userinfo"]), "id_token": token["id_token"]}
        return RedirectResponse("/", status_code=303)

    async def sign_out(self, request: Request) -> Response:
        """Sign out here and at the issuer."""
        person = self.people.pop(request.session.get("key", ""), None)
        request.session.clear()
        if person is None:
            return RedirectResponse("/", status_code=303)
        metadata = await self.issuer.load_server_metadata()
        query = {
            "id_token_hint": person["id_token"],
            "post_logout_redirect_uri": f"{self.settings.origin}{SIGNED_OUT}",
        }
        return RedirectResponse(f"{metadata['end_session_endpoint']}?{urlencode(query)}", status_code=303)

    async def back_channel(self, request: Request) -> Response:
        """The issuer says that a session has ended (OpenID Connect Back-Channel Logout 1.0, 2.6)."""
        token = (await request.body()).decode().removeprefix("logout_token=")
        try:
            claims = await self._read_logout_token(token)
        except jwt.PyJWTError:
            return Response(status_code=400)
        for key in [key for key, person in self.people.items() if person["claims"]["sid"] == claims.get("sid")]:
            del self.people[key]
        return Response(status_code=200)

    async def _read_logout_token(self, token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(await self.issuer.fetch_jwk_set())
        claims: dict[str, Any] = jwt.decode(
            token,
            keys[jwt.get_unverified_header(token)["kid"]],
            algorithms=["RS256"],
            audience=self.settings.client_id,
            issuer=self.settings.issuer,
        )
        if _LOGOUT_EVENT not in claims.get("events", {}) or "nonce" in claims:
            raise jwt.InvalidTokenError("not a logout token")
        return claims


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'><link rel=icon href='data:,'>"
        f"<style>{_STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>",
        headers={"cache-control": "no-store"},
    )


def main() -> None:
    """Serve the till that standard input describes, until told to stop."""
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=TillSettings)
    server = Server(
        Till(settings).application(),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()
