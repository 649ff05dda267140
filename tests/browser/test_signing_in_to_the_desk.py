"""From an invitation to the desk in a real browser, with an authenticator inside of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from badgepin.web.desk_caller import page_token
from tests.browser.conftest import Screen, axe, platform_authenticator
from tests.cli.installation import badgepin, free_port, running

ADA = "ada@stores.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server under a name, as passkeys want it, and the link for its first administrator."""
    folder, port = tmp_path_factory.mktemp("desk") / "data", free_port()
    origin = f"http://localhost:{port}"
    made = badgepin("init", "--domain", "stores.example", "--base-url", origin, "--admin", ADA, "--json", data=folder)
    assert made.code == 0, made.err
    with running("serve", "--data", str(folder), "--port", str(port), BADGEPIN_HOST="localhost") as server:
        _wait(origin, server)
        yield {**made.json, "folder": str(folder)}


def _wait(origin: str, server: "subprocess.Popen[str]") -> None:
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(transport=transport, timeout=60) as client:
        assert client.get(f"{origin}/readyz").status_code == 200
    assert server.poll() is None


def test_an_invited_administrator_makes_a_passkey_and_signs_in_with_it(chromium: Browser, desk: dict[str, str]) -> None:
    context = chromium.new_context(locale="en-GB")
    screen = Screen(context)
    page = screen.page
    platform_authenticator(page)
    page.goto(desk["link"])
    screen.step("invited")
    assert "#" not in page.url
    assert page.inner_text("#person") == "Hello, ada"
    assert axe(page) == []
    page.fill("#label", "Office laptop")
    page.click("#create")
    screen.step("created")
    page.click("#go-on")
    screen.step("ready")
    assert axe(page) == []
    page.click("#sign-in")
    page.wait_for_url(f"**/{desk['tenantId']}/desk")
    [cookie] = [each for each in context.cookies() if each["name"] == "__Host-desk"]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    listed = badgepin("admins", "list", "--json", data=Path(desk["folder"])).json
    assert [key["label"] for key in listed[0]["passkeys"]] == ["Office laptop"]
    assert listed[0]["passkeys"][0]["lastUsedDateTime"]

    page.goto(desk["link"])
    screen.step("refused")
    assert "used or is older than 24 hours" in screen.message()
    assert screen.problems == []
    context.close()


def test_the_desks_page_asks_the_api_and_proves_again_with_its_passkey(chromium: Browser, desk: dict[str, str]) -> None:
    made = badgepin("admins", "invite", ADA, "--json", data=Path(desk["folder"]))
    context = chromium.new_context(locale="en-GB")
    screen = Screen(context)
    page = screen.page
    platform_authenticator(page)
    page.goto(made.json["link"])
    screen.step("invited")
    page.click("#create")
    screen.step("created")
    page.click("#go-on")
    screen.step("ready")
    page.click("#sign-in")
    page.wait_for_url(f"**/{desk['tenantId']}/desk")
    page.goto(f"{desk['origin']}/{desk['tenantId']}/desk/sign-in")
    static = page.get_attribute("script[type=module]", "src") or ""
    [cookie] = [each["value"] for each in context.cookies() if each["name"] == "__Host-desk"]
    token = page_token(desk["tenantId"], cookie)
    configuration = {"base": f"/{desk['tenantId']}/desk", "language": "en", "words": {}, "token": token}
    work = """async ([address, configuration]) => {
      const { prove } = await import(address);
      await prove(configuration);
      const answer = await fetch("/v1.0/badgepin/desk", { headers: { "x-badgepin-desk": configuration.token } });
      return answer.json();
    }"""
    address = static.replace("desk_sign_in.js", "desk_passkey.js")
    assert page.evaluate(work, [address, configuration])["userPrincipalName"] == ADA
    assert screen.problems == []
    context.close()
