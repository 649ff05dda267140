"""Signing in under load: against the bare PIN hash, in a browser, and what it costs in memory."""

import base64
import json
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import sync_playwright

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.pin_hash import Cost, PinRow, hash_pin, is_pin
from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.reference_client import Browser, Proven, SignedIn, finish, prove
from badgepin.web.installation import system_clock
from benchmarks.installation import CLIENT, SECRET, Bench, Started, user_id

FIRST_PIN, PIN = "13572468", "90417263"
CHROMIUM = "/usr/bin/chromium"
_CORES = 2


@dataclass(frozen=True)
class Signer:
    """Somebody with a badge."""

    tenant: str
    badge: str

    def browser(self, origin: str) -> Browser:
        """A browser that has the page open already."""
        made = Browser(origin)
        made.cookies["__Host-pre"] = secrets.token_urlsafe(32)
        return made

    def sign_in(self, browser: Browser, pin: str = PIN) -> None:
        """Scan and enter the PIN, and a new one the first time."""
        badge = read_badge_text(self.badge)
        assert isinstance(badge, BadgeText)
        browser.cookies.setdefault("__Host-pre", secrets.token_urlsafe(32))
        base = f"/{self.tenant}/sign-in"
        proven = prove(browser, base, badge)
        assert isinstance(proven, Proven), proven
        outcome = finish(browser, base, proven, pin, new_pin=PIN)
        assert isinstance(outcome, SignedIn), outcome


def signers(bench: Bench, count: int) -> list[Signer]:
    """People whose PIN is their own."""
    made = []
    # the first person's PIN is the one that a starting server tries its keys on: it stays as it is
    for number in range(1, count + 1):
        path = f"/v1.0/users/{user_id(number)}/authentication/qrCodePinMethod"
        _api(bench, "DELETE", path, None)
        method = _api(bench, "PUT", path, {"standardQRCode": {}, "pin": {"code": FIRST_PIN}})
        raw = method["standardQRCode"]["image"]["rawContent"]
        signer = Signer(bench.tenant, base64.b64decode(raw).decode())
        signer.sign_in(signer.browser(_origin(bench)), FIRST_PIN)
        made.append(signer)
    return made


def sign_in_rate(bench: Bench, people: list[Signer], count: int) -> float:
    """Sign-ins a second, from as many clients at once as there are people."""
    browsers = [(person, person.browser(_origin(bench))) for person in people]
    each = count // len(browsers)

    def work(pair: tuple[Signer, Browser]) -> None:
        for _ in range(each):
            pair[0].sign_in(pair[1])

    began = time.perf_counter()
    with ThreadPoolExecutor(len(browsers)) as pool:
        list(pool.map(work, browsers))
    return each * len(browsers) / (time.perf_counter() - began)


def bare_rate(count: int) -> float:
    """Bare PIN checks a second, on every core."""
    ring, row = create_key_ring(system_clock()), PinRow("user", "pin", 1)
    hashed = hash_pin(PIN, row, cost=Cost(), ring=ring)
    began = time.perf_counter()
    with ThreadPoolExecutor(_CORES) as pool:
        assert all(pool.map(lambda _: is_pin(PIN, hashed, row, ring=ring), range(count)))
    return count / (time.perf_counter() - began)


def memory_under_load(bench: Bench, started: Started, people: list[Signer], seconds: float) -> float:
    """Resident memory in MB while about 20 people a second sign in."""
    until, peak = time.monotonic() + seconds, 0.0
    browsers = [(person, person.browser(_origin(bench))) for person in people]

    def work(pair: tuple[Signer, Browser]) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            pair[0].sign_in(pair[1])
            time.sleep(max(0.0, len(browsers) / 20 - (time.monotonic() - began)))

    threads = [threading.Thread(target=work, args=(pair,)) for pair in browsers]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, started.memory())
        time.sleep(0.2)
    return peak


def browser_seconds(bench: Bench, person: Signer, times: int) -> list[float]:
    """From the end of a scan to the PIN pad, and from the PIN's last key to being signed in: the waits of a worker."""
    waits = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for _ in range(times):
            context = chromium.new_context()
            page = context.new_page()
            page.goto(f"{_origin(bench)}/{bench.tenant}/sign-in")
            page.wait_for_selector("body[data-step=scan]")
            page.click("details.paste summary")
            page.fill("#paste", person.badge)
            began = time.perf_counter()
            page.click("#paste-go")
            page.wait_for_selector("body[data-step=pin]")
            scanned = time.perf_counter() - began
            page.fill("#pin", PIN)
            began = time.perf_counter()
            page.press("#pin", "Enter")
            page.wait_for_selector("body[data-step=done]")
            waits.append(scanned + time.perf_counter() - began)
            context.close()
        chromium.close()
    return waits


def token_request(bench: Bench) -> bytes:
    """The request of an application that asks for a token with its secret."""
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": SECRET,
        "scope": "https://graph.microsoft.com/.default",
    }
    body = urlencode(form)
    lines = (
        f"POST /{bench.tenant}/oauth2/v2.0/token HTTP/1.1",
        f"Host: 127.0.0.1:{bench.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _origin(bench: Bench) -> str:
    return f"http://127.0.0.1:{bench.port}"


def _api(bench: Bench, verb: str, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {bench.token()}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(_origin(bench) + path, data=data, headers=headers, method=verb)) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None
