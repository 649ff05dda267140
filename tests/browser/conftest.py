"""A demo server of its own and Debian's Chromium, driven by Playwright."""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.clients.running import Running, demo

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIRST_PIN, PIN = "13572468", "90417263"


class Store:
    """The demo's server, with what a test needs of its API."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.document = running.announcement
        self.folder = folder
        self.origin: str = self.document["origin"]
        self.tenant: str = self.document["tenantId"]
        token = self.document["tokens"]["applicationReadWrite"]
        headers = {"authorization": f"Bearer {token}"}
        self.api = httpx.Client(base_url=f"{self.origin}/v1.0", headers=headers, timeout=60)

    @property
    def page(self) -> str:
        """The sign-in page."""
        return str(self.document["signInPage"])

    def person(self) -> str:
        """A new person; answers their id."""
        name = f"p{datetime.now(UTC).timestamp():.6f}".replace(".", "")
        body = {"userPrincipalName": f"{name}@stores.example", "displayName": "Noor Vis"}
        made = self.api.post("/users", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def badge(self, person: str, **body: Any) -> str:
        """A new method; answers the standard badge's text. Its PIN is `FIRST_PIN`."""
        sent = {"standardQRCode": {}, "pin": {"code": FIRST_PIN}, **body}
        made = self.api.put(f"/users/{person}/authentication/qrCodePinMethod", json=sent)
        assert made.status_code == 201, made.text
        return _text(made.json()["standardQRCode"])

    def temporary(self, person: str, minutes: float) -> str:
        """A temporary code; answers its text."""
        end = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"/users/{person}/authentication/qrCodePinMethod/temporaryQRCode"
        made = self.api.patch(path, json={"expireDateTime": end})
        assert made.status_code == 201, made.text
        return _text(made.json())

    def age_desk_proofs(self, minutes: float) -> None:
        """Let every use of a passkey at the desk be so much longer ago."""
        with closing(sqlite3.connect(self.folder / "badgepin.db", timeout=60)) as database, database:
            database.execute("UPDATE desk_sessions SET proven_at = proven_at - ?", (int(minutes * 60_000_000),))

    def end_badges(self, person: str) -> None:
        """Let the badges of a person have ended long ago."""
        with closing(sqlite3.connect(self.folder / "badgepin.db", timeout=30)) as database, database:
            years = 2 * 366 * 86_400 * 1_000_000
            database.execute("UPDATE qr_codes SET expire_at = expire_at - ? WHERE user_id = ?", (years, person))

    def revoke(self, person: str) -> None:
        """Delete the standard code."""
        path = f"/users/{person}/authentication/qrCodePinMethod/standardQRCode"
        assert self.api.delete(path).status_code == 204


def _text(code: dict[str, Any]) -> str:
    return base64.b64decode(code["image"]["rawContent"]).decode()


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One demo for the whole run."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with demo(folder) as running:
        made = Store(running, folder)
        yield made
        made.api.close()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The driver."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser without a camera."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


class Screen:
    """A browser window; whatever breaks in the page breaks the test."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # a refusal is an HTTP status, which the browser reports as an error of its own
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def step(self, name: str) -> None:
        """Wait until the page shows a step."""
        self.page.wait_for_selector(f"body[data-step={name}]", timeout=60_000)

    def paste(self, text: str) -> None:
        """Give the badge's text by hand."""
        self.page.click("details.paste summary")
        self.page.fill("#paste", text)
        self.page.click("#paste-go")

    def enter(self, pin: str) -> None:
        """Type a PIN on the keyboard."""
        self.step("pin")
        self.page.keyboard.type(pin)
        self.page.keyboard.press("Enter")

    def choose(self, pin: str) -> None:
        """Choose a new PIN."""
        self.step("change")
        self.page.fill("#new-pin", pin)
        self.page.fill("#new-pin-again", pin)
        self.page.click("#change-submit")

    def message(self) -> str:
        """The sentence on the page."""
        self.page.wait_for_selector("#message:not([hidden])")
        return self.page.inner_text("#message")

    def reason(self) -> str:
        """Why the sign-in was refused."""
        self.step("refused")
        return self.page.inner_text("#reason")

    def sign_in(self, store: Store, badge: str) -> None:
        """From the page to signed in, with a first PIN or the chosen one."""
        self.page.goto(store.page)
        self.paste(badge)
        self.enter(FIRST_PIN)
        self.choose(PIN)
        self.step("done")


Open = Callable[..., Screen]


@pytest.fixture
def open_screen(chromium: Browser) -> Iterator[Open]:
    """Windows of browsers that know nothing of one another."""
    with ExitStack() as opened:
        screens: list[Screen] = []

        def make(**options: Any) -> Screen:
            context = chromium.new_context(**{"viewport": {"width": 390, "height": 844}, "locale": "en-GB", **options})
            opened.callback(context.close)
            screens.append(Screen(context))
            return screens[-1]

        yield make
        for screen in screens:
            assert not screen.problems


@pytest.fixture
def screen(open_screen: Open) -> Screen:
    """A phone."""
    return open_screen()


def platform_authenticator(page: Page) -> None:
    """A passkey device inside of the browser, whose owner always agrees."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def axe(page: Page) -> list[str]:
    """What the accessibility checker finds wrong with a page as it stands (WCAG 2.2 AA)."""
    if not page.evaluate("Boolean(window.axe)"):
        script = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
        page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{item['id']}: {json.dumps([node['html'] for node in item['nodes']])[:300]}" for item in found["violations"]
    ]
