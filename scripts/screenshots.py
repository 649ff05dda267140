"""Takes the pictures in docs/pictures: a demo of its own, its desk in Chromium, one small WebP a page.

`--look DIR` takes every page instead, at four sizes, light, dark and in Arabic, for whoever works on the pages.
"""

import argparse
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
_CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]
_PHONE, _DESKTOP = (390, 800), (1200, 760)
_LOOKS: dict[str, tuple[tuple[int, int], str, str]] = {
    "320-ar": ((320, 640), "ar", "light"),
    "390": ((390, 844), "en-GB", "light"),
    "390-dark": ((390, 844), "en-GB", "dark"),
    "820-de": ((820, 1180), "de", "light"),
    "1440": ((1440, 900), "en-GB", "light"),
    "1440-ar-dark": ((1440, 900), "ar", "dark"),
}
_PAGES = ("people", "activity", "handle", "expiring", "more")
_ADMINISTRATION = ("policy", "stores", "groups", "roles", "applications", "administrators", "logs", "health")


@dataclass
class Demo:
    """A running demo and its API as an administrator."""

    document: dict[str, Any]
    api: httpx.Client

    def invitation(self, key: str) -> str:
        """A fresh link for one of the demo's people, by another administrator: nobody invites themselves."""
        inviter = "privilegedAuthenticationAdministrator" if key == "globalAdministrator" else "globalAdministrator"
        path = f"/badgepin/users/{self.document['users'][key]['id']}/invitations"
        headers = {"authorization": f"Bearer {self.document['tokens'][inviter]}"}
        return str(self.api.post(path, json={}, headers=headers).raise_for_status().json()["link"])

    def first(self, path: str) -> str:
        """The id of the first object of a list."""
        return str(self.api.get(path).raise_for_status().json()["value"][0]["id"])


@contextmanager
def running_demo() -> Iterator[Demo]:
    """`badgepin demo`, for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("badgepin"))
        command = [program, "demo", "--json", "--port", str(port), "--data", f"{folder}/data"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603 - our own program
            try:
                document = json.loads(process.stdout.readline() if process.stdout else "{}")
                headers = {"authorization": f"Bearer {document['tokens']['globalAdministrator']}"}
                with httpx.Client(base_url=f"{document['origin']}/v1.0", headers=headers, timeout=30) as api:
                    yield Demo(document, api)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def set_the_scene(demo: Demo) -> None:
    """A few people in the states that a store knows, an application, something in the log."""
    key = {"authorization": f"Bearer {demo.document['tokens']['applicationReadWrite']}"}
    with httpx.Client(base_url=demo.api.base_url, headers=key, timeout=30) as writer:
        people = demo.api.get("/users?$filter=jobTitle eq 'Sales assistant'&$top=12").raise_for_status().json()["value"]
        for place, person in enumerate(people):
            days = (300, 200, 12, 340, 5, 90)[place % 6]
            end = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = {"standardQRCode": {"expireDateTime": end}, "pin": {"code": "13572468"}}
            if place % 5:
                writer.put(f"/users/{person['id']}/authentication/qrCodePinMethod", json=body)
    till = {"displayName": "Till", "description": "Sign-in at the counter"}
    made = demo.api.post("/applications", json={**till, "web": {"redirectUris": ["https://till.example.com/callback"]}})
    end = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    secret = {"passwordCredential": {"displayName": "Till 2026", "endDateTime": end}}
    demo.api.post(f"/applications/{made.json()['id']}/addPassword", json=secret).raise_for_status()


class Desk:
    """Somebody at the desk, in a window of their own."""

    def __init__(self, browser: Browser, demo: Demo, key: str, size: tuple[int, int], locale: str, scheme: str) -> None:
        options: Any = {"viewport": {"width": size[0], "height": size[1]}, "locale": locale, "color_scheme": scheme}
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        tools = self.context.new_cdp_session(self.page)
        tools.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        tools.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, "isUserVerified": True}})
        self.page.goto(demo.invitation(key))
        self.page.click("#create")
        self.page.click("#go-on")
        self.page.click("#sign-in")
        self.page.wait_for_selector("body[data-ready=yes]")
        self.base = self.page.url.partition("/desk")[0] + "/desk"

    def open(self, path: str) -> None:
        """Open a page of the desk and wait until it is there."""
        self.page.goto(f"{self.base}/{path}")
        self.page.wait_for_selector("body[data-ready=yes]")
        self.page.wait_for_load_state("networkidle")

    def take(self, file: Path, *, whole: bool = False) -> None:
        """Write what is seen as a WebP file, or as PNG when the name says so."""
        raw = self.page.screenshot(full_page=whole, animations="disabled")
        if file.suffix == ".png":
            file.write_bytes(raw)
            return
        Image.open(io.BytesIO(raw)).convert("RGB").save(file, "WEBP", quality=80, method=6)


def take_for_docs(browser: Browser, demo: Demo) -> None:
    """Every picture that the documentation shows."""
    PICTURES.mkdir(exist_ok=True)
    _take_managers(Desk(browser, demo, "manager", _PHONE, "en-GB", "light"))
    desk = Desk(browser, demo, "globalAdministrator", _DESKTOP, "en-GB", "light")
    for page in _ADMINISTRATION:
        desk.open(page)
        desk.take(PICTURES / f"admin-{page}.webp")
    desk.open("policy")
    desk.page.fill("#pinLength", "10")
    desk.page.locator("#changes").scroll_into_view_if_needed()
    desk.take(PICTURES / "admin-policy-change.webp")
    desk.open(f"stores/{demo.first('/directory/administrativeUnits')}")
    desk.take(PICTURES / "admin-store.webp")
    _take_many(desk)
    desk.context.close()


def _take_managers(desk: Desk) -> None:
    desk.take(PICTURES / "desk-people.webp")
    desk.page.fill("#search", "Amina")
    desk.page.click("a.person:has-text('Amina')")
    desk.page.wait_for_selector(".person-head")
    desk.page.wait_for_load_state("networkidle")
    desk.take(PICTURES / "desk-person.webp")
    desk.page.click("#forgot")
    desk.page.wait_for_selector("#give")
    desk.take(PICTURES / "desk-forgot.webp")
    desk.page.click("#give")
    desk.page.wait_for_selector("#code-picture")
    desk.take(PICTURES / "desk-code.webp")
    desk.page.click("#revoke-now")
    desk.context.close()


def _take_many(desk: Desk) -> None:
    desk.open("many")
    desk.page.select_option("#many-whom", "without")
    desk.take(PICTURES / "desk-many.webp")
    desk.page.click("#many-look")
    desk.page.wait_for_selector("#many-announced")
    desk.page.wait_for_load_state("networkidle")
    desk.take(PICTURES / "desk-many-look.webp")
    desk.page.click("#many-start")
    desk.page.wait_for_selector("#many-left", timeout=120_000)
    desk.page.wait_for_load_state("networkidle")
    desk.take(PICTURES / "desk-many-ready.webp")
    desk.page.click("#many-cancel")
    desk.page.wait_for_selector("#many-end")


def take_to_look(browser: Browser, demo: Demo, folder: Path, only: str) -> None:
    """Every page at every size, as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    store = demo.first("/directory/administrativeUnits")
    application = demo.first("/applications?$filter=startswith(displayName,'Till')")
    details = (f"stores/{store}", f"groups/{demo.first('/groups')}", f"applications/{application}")
    holder = demo.document["users"]["globalAdministrator"]["id"]
    for look, (size, locale, scheme) in _LOOKS.items():
        if only and only != look:
            continue
        desk = Desk(browser, demo, "globalAdministrator", size, locale, scheme)
        for path in (*_PAGES, *_ADMINISTRATION, *details, f"administrators/{holder}"):
            desk.open(path)
            desk.take(folder / f"{path.partition('/')[0]}{'-one' if '/' in path else ''}-{look}.png", whole=True)
        desk.context.close()


def main() -> None:
    """Take pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", type=Path, help="take every page at every size, into this folder")
    parser.add_argument("--only", default="", choices=["", *_LOOKS], help="with --look: only this size")
    options = parser.parse_args()
    with running_demo() as demo, sync_playwright() as playwright:
        set_the_scene(demo)
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        if options.look:
            take_to_look(browser, demo, options.look, options.only)
        else:
            take_for_docs(browser, demo)
        browser.close()


if __name__ == "__main__":
    main()
