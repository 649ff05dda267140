"""A shared screen: the reference client against the application in this process, with everything it sent."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.reference_client import (
    Answer,
    Begun,
    Browser,
    Proven,
    Refused,
    SignedIn,
    WantedTokens,
    begin,
    finish,
    prove,
    redeem,
    sign_in,
)
from badgepin.store.application_tables import delegated_grants
from badgepin.store.tables import applications
from tests.graph.world import APPLICATION, BASE, CLIENT, START, TENANT, World, guid

PIN = "13572468"
CHOSEN = "90417263"
PATH = f"/{TENANT}/sign-in"
REDIRECT = "https://till.example/callback"
SPA = "https://till.example/page"
LOGOUT = "https://till.example/back-channel"


class Screen(Browser):
    """One browser at the sign-in page."""

    def __init__(self, world: World) -> None:
        super().__init__(BASE)
        self.world = world
        self.sent: list[bytes] = []
        self.headers: dict[str, str] = {}

    def _send(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        return self.world.run(self.send(verb, path, body, headers))

    async def send(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, to be gathered with others."""
        sent = {"accept-language": "en", "origin": BASE, **(headers or {}), **self.headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.sent.append(f"{verb} {path} {sent} ".encode() + (body or b""))
        response = await self.world.send(verb, path, plain=True, headers=sent, content=body)
        for line in response.headers.get_list("set-cookie"):
            self._keep(line)
        return Answer(response.status_code, dict(response.headers), response.content)

    def sign_in(
        self, badge: str, pin: str = PIN, *, new_pin: str | None = CHOSEN, request: str = ""
    ) -> SignedIn | Refused:
        """Scan, PIN, and a new PIN where one is asked for."""
        return sign_in(self, TENANT, badge, pin, new_pin=new_pin, request=request)

    def scan(self, badge: str, request: str = "") -> Proven | Refused:
        """Open the page and scan."""
        self.get(f"{PATH}?request={request}" if request else PATH)
        return prove(self, PATH, read(badge), request)

    def enter(self, proven: Proven, pin: str = PIN, *, new_pin: str | None = CHOSEN) -> SignedIn | Refused:
        """Enter a PIN under a proof."""
        return finish(self, PATH, proven, pin, new_pin=new_pin)


def read(badge: str) -> BadgeText:
    """A badge's text, read."""
    found = read_badge_text(badge)
    assert isinstance(found, BadgeText)
    return found


def badge_of(created: Mapping[str, Any]) -> str:
    """The text in the symbol of a method or code that was just made."""
    code = created.get("standardQRCode", created)
    return base64.b64decode(code["image"]["rawContent"]).decode()


def standard_badge(world: World, name: str = "worker") -> str:
    """A person's new standard badge; its PIN is temporary."""
    return badge_of(world.create_method(name))


def settled_badge(world: World, name: str = "worker") -> str:
    """A person's badge after the first sign-in: the PIN is `CHOSEN`."""
    badge = standard_badge(world, name)
    outcome = Screen(world).sign_in(badge)
    assert isinstance(outcome, SignedIn), outcome
    return badge


@dataclass
class Till:
    """An application that people sign in to, registered with every kind of address."""

    world: World
    scopes: str = "User.Read UserAuthMethod-QR.Read"
    wanted: WantedTokens = field(init=False)

    def __post_init__(self) -> None:
        """Register it."""
        self.wanted = WantedTokens(CLIENT, SPA, "openid profile offline_access User.Read")

        def register(tx: Any) -> None:
            tx.execute(
                applications.update()
                .where(applications.c.tenant_id == TENANT, applications.c.id == APPLICATION)
                .values(
                    redirect_uris=f'["{REDIRECT}"]',
                    spa_redirect_uris=f'["{SPA}"]',
                    public_redirect_uris='["http://localhost"]',
                    backchannel_logout_uri=LOGOUT,
                )
            )
            tx.execute(
                delegated_grants.insert().values(
                    tenant_id=TENANT,
                    id=guid("delegated grant"),
                    application_id=APPLICATION,
                    user_id="",
                    scopes=self.scopes,
                    created_at=START,
                )
            )

        self.world.transact(register)

    def begin(self, screen: Screen) -> Begun:
        """Send the browser to sign in."""
        return begin(screen, TENANT, self.wanted)

    def tokens(self, screen: Screen, badge: str, pin: str = CHOSEN) -> dict[str, Any]:
        """Sign in and redeem the code."""
        begun = self.begin(screen)
        outcome = screen.sign_in(badge, pin, request=begun.request)
        assert isinstance(outcome, SignedIn), outcome
        return redeem(screen, TENANT, self.wanted, begun, outcome.location)

    def refresh(self, screen: Screen, token: str) -> Answer:
        """Use a refresh token."""
        form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token}
        return screen.post_form(f"/{TENANT}/oauth2/v2.0/token", form)


async def together(*work: Any) -> list[Any]:
    """Everything at once."""
    return list(await asyncio.gather(*work))
