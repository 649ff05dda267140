"""A manager's browser without a screen: keeps cookies, speaks to the door of the desk and then to the API."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from badgepin.domain.caller import Call, Caller
from badgepin.domain.tenant import COMMAND_LINE_CLIENT
from badgepin.services import invitation
from badgepin.web.cookies import BROWSER, DESK
from badgepin.web.desk_caller import page_token
from tests.desk.authenticator import Authenticator
from tests.graph.world import BASE, TENANT, World, guid

HOST = "badgepin.test"


@dataclass
class DeskBrowser:
    """One browser; `headers` replace what it would send (None: not at all)."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    tenant: str = TENANT

    def get(self, path: str) -> httpx.Response:
        """Open a page of the door."""
        return self.world.run(self.send("GET", f"/{self.tenant}/desk/{path}"))

    def post(self, step: str, body: dict[str, Any]) -> httpx.Response:
        """One message of a ceremony."""
        return self.world.run(self.send("POST", f"/{self.tenant}/desk/{step}", body))

    def api(self, verb: str, path: str, body: Any = None, **headers: str | None) -> httpx.Response:
        """One request of the desk's page to the API."""
        return self.world.run(self.send(verb, f"/v1.0{path}", body, **headers))

    async def send(self, verb: str, path: str, body: Any = None, **headers: str | None) -> httpx.Response:
        """The same, to be gathered with others."""
        wanted: dict[str, str | None] = {
            "accept-language": "en",
            "origin": None if verb == "GET" else BASE,
            "sec-fetch-site": "same-origin",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None,
            "x-badgepin-desk": page_token(self.tenant, self.cookies[DESK]) if DESK in self.cookies else None,
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in wanted.items() if value is not None}
        answer = await self.world.send(verb, path, plain=True, headers=kept, json=body)
        self.sent.append(f"{verb} {path} {kept} {body}".encode() + answer.content)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = rest.partition(";")[0]
        return answer

    @property
    def is_at_desk(self) -> bool:
        """Whether the browser holds a session's cookie."""
        return DESK in self.cookies

    def register(self, secret: str, device: Authenticator | None = None) -> tuple[httpx.Response, Authenticator]:
        """Take up an invitation."""
        device = device or authenticator()
        if BROWSER not in self.cookies:
            self.get("invitation")
        asked = self.post("invitation/options", {"secret": secret})
        if asked.status_code != 200:
            return asked, device
        credential = device.create(asked.json()["options"])
        body = {"secret": secret, "label": "Office phone", "credential": credential}
        return self.post("invitation/register", body), device

    def sign_in(self, device: Authenticator) -> httpx.Response:
        """Sign in with a passkey."""
        if BROWSER not in self.cookies:
            self.get("sign-in")
        options = self.post("sign-in/options", {}).json()["options"]
        return self.post("sign-in", {"credential": device.get(options)})

    def step_up(self, device: Authenticator) -> httpx.Response:
        """Prove again who is here."""
        asked = self.post("step-up/options", {})
        if asked.status_code != 200:
            return asked
        return self.post("step-up", {"credential": device.get(asked.json()["options"])})


def authenticator(**bent: Any) -> Authenticator:
    """A device for this installation."""
    return Authenticator(**{"origin": BASE, "rp_id": HOST, **bent})


def invite(world: World, name: str) -> str:
    """The secret of a new invitation, made by the operator."""
    return invited_by_operator(world, guid(name))


def invited_by_operator(world: World, user_id: str) -> str:
    """The same, for somebody by id."""
    return world.transact(lambda tx: invitation.invite(tx, operator(world), user_id)).secret


def operator(world: World) -> Call:
    """A call of the command line."""
    return Call(Caller(TENANT, COMMAND_LINE_CLIENT, None, frozenset(), 1), world.clock.now, guid("correlation"))


def at_desk(world: World, name: str = "global_administrator") -> tuple[DeskBrowser, Authenticator]:
    """Somebody who was invited, registered a passkey and signed in."""
    browser = DeskBrowser(world)
    answer, device = browser.register(invite(world, name))
    assert answer.status_code == 200, answer.text
    answer = browser.sign_in(device)
    assert answer.status_code == 200, answer.text
    return browser, device
