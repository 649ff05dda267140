"""The administration's pages in a browser: a manager invited, a policy changed and undone, all of it in the log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, Screen, Store, axe, platform_authenticator

PAGES = ("policy", "stores", "groups", "roles", "applications", "administrators", "logs", "health", "more")
POLICY = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/QRCodePin"
LONG = ("Καλημέρα " * 12 + "مرحبا بكم " * 10 + "Willkommen " * 10)[:256].strip()
Come = Callable[..., Screen]


def _with_token(store: Store, key: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {store.document['tokens'][key]}"}
    return httpx.Client(base_url=store.api.base_url, headers=headers, timeout=30)


def _enter(screen: Screen, link: str) -> None:
    platform_authenticator(screen.page)
    screen.page.goto(link)
    screen.step("invited")
    screen.page.click("#create")
    screen.step("created")
    screen.page.click("#go-on")
    screen.page.click("#sign-in")
    screen.page.wait_for_selector("body[data-ready=yes]")


@pytest.fixture
def come(store: Store, open_screen: Open) -> Come:
    """One of the demo's people comes to the desk, by an invitation of another administrator."""

    def work(key: str = "globalAdministrator", **options: object) -> Screen:
        with _with_token(store, "privilegedAuthenticationAdministrator") as inviter:
            made = inviter.post(f"/badgepin/users/{store.document['users'][key]['id']}/invitations", json={})
        assert made.status_code == 201, made.text
        screen = open_screen(**options)
        _enter(screen, made.json()["link"])
        return screen

    return work


def _pick(page: Page, name: str) -> None:
    page.fill("#pick", name)
    page.click(f".picks button:has-text('{name}')")


def _open(page: Page, name: str) -> None:
    page.click(f"nav [data-page={name}]")
    page.wait_for_selector(f"body[data-page={name}] main:not([aria-busy]) h1")


@pytest.mark.parametrize(("size", "locale", "scheme"), [((320, 640), "ar", "dark"), ((1280, 800), "en-GB", "light")])
def test_every_page_fits_and_passes_the_accessibility_checker(
    store: Store, come: Come, size: tuple[int, int], locale: str, scheme: str
) -> None:
    desk = come(viewport={"width": size[0], "height": size[1]}, locale=locale, color_scheme=scheme)
    page, base = desk.page, desk.page.url.partition("/desk")[0] + "/desk"
    with _with_token(store, "globalAdministrator") as api:
        unit = api.get("/directory/administrativeUnits").json()["value"][0]["id"]
        group = api.get("/groups").json()["value"][0]["id"]
        application = api.get("/applications?$filter=displayName eq 'Demo automation'").json()["value"][0]["id"]
    details = (f"stores/{unit}", f"groups/{group}", f"applications/{application}")
    holder = store.document["users"]["globalAdministrator"]["id"]
    for path in (f"{base}/{each}" for each in (*PAGES, *details, f"administrators/{holder}")):
        # as a press on "back" does it, so that the checker is loaded once
        page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new Event('popstate')); }", path)
        page.wait_for_selector("main:not([aria-busy]) h1")
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path


def test_a_manager_is_invited_with_a_store_and_comes_in(store: Store, come: Come, open_screen: Open) -> None:
    name = f"Noor {datetime.now(UTC).timestamp():.6f}"
    assert store.api.patch(f"/users/{store.person()}", json={"displayName": name}).status_code == 204
    page = come(viewport={"width": 1280, "height": 800}).page
    _open(page, "administrators")
    page.click("#invite")
    _pick(page, name)
    page.select_option("#field-role", label="Badge Manager")
    page.select_option("#field-scope", label="Store South")
    page.click("#form-go")
    link = page.inner_text("#link")
    # what cannot be shown again is not thrown away by a stray key
    page.keyboard.press("Escape")
    assert page.is_visible("#link")
    page.click("#link-done")
    manager = open_screen()
    _enter(manager, link)
    assert manager.page.inner_text("#unit-place") == "Store South"
    assert manager.page.query_selector("nav [data-page=policy]") is None
    manager.page.goto(f"{manager.page.url.partition('/desk')[0]}/desk/policy")
    manager.page.wait_for_selector("#search")


def test_a_policy_says_what_it_means_is_saved_found_in_the_log_and_undone(store: Store, come: Come) -> None:
    page = come(viewport={"width": 1280, "height": 800}).page
    _open(page, "policy")
    page.fill("#pinLength", "10")
    assert "at least 10 digits" in page.inner_text("#changes")
    page.fill("#pinLength", "3")
    assert page.get_attribute("#pinLength", "aria-invalid") == "true"
    page.fill("#pinLength", "10")
    page.dblclick("#save")
    page.wait_for_selector("#undo")
    _open(page, "logs")
    page.fill("#activity", "Methods Policy Update")
    page.click(".event-open:has-text('Authentication Methods Policy Update')")
    assert "8 → 10" in page.inner_text("dialog")
    page.click("dialog button.main")
    with page.expect_download() as saved:
        page.click("#export-csv")
    assert "Authentication Methods Policy Update" in saved.value.path().read_text(encoding="utf-8")
    _open(page, "policy")
    page.click("#undo")
    page.wait_for_selector("#undo", state="detached")
    with _with_token(store, "globalAdministrator") as api:
        assert api.get(POLICY).json()["pinLength"] == 8


def test_whoever_was_slower_is_told_and_sees_what_there_is(store: Store, come: Come) -> None:
    page = come(viewport={"width": 1280, "height": 800}).page
    with _with_token(store, "globalAdministrator") as api:
        _open(page, "policy")
        page.fill("#pinLength", "12")
        assert api.patch(POLICY, json={"standardQRCodeLifetimeInDays": 200}).status_code == 200
        page.click("#save")
        page.wait_for_selector(".toast.bad:has-text('changed the policy meanwhile')")
        page.wait_for_selector("#standardQRCodeLifetimeInDays[value='200']")
        assert api.get(POLICY).json()["pinLength"] == 8
        assert api.patch(POLICY, json={"standardQRCodeLifetimeInDays": 365}).status_code == 200

        _open(page, "stores")
        page.click("#add")
        page.fill("#field-name", f"{LONG} {LONG}")
        page.click("#form-go")
        assert page.eval_on_selector("#field-name", "field => field.validationMessage") == "At most 256 characters."
        page.fill("#field-name", LONG)
        page.dblclick("#form-go")
        page.wait_for_selector("#delete")
        identifier = page.url.rpartition("/")[2]
        assert page.inner_text("main h1") == LONG
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert api.delete(f"/directory/administrativeUnits/{identifier}").status_code == 204
        page.click("#delete")
        page.click("#confirm")
        page.wait_for_selector(".toast.bad:has-text('not there any more')")


def test_the_last_global_administrator_has_no_button_and_a_reader_has_none_at_all(come: Come) -> None:
    page = come(viewport={"width": 1280, "height": 800}).page
    _open(page, "roles")
    panel = page.locator("section.panel", has=page.locator("h2", has_text="Global Administrator"))
    assert panel.locator("button").count() == 0
    assert "The last one cannot be removed" in panel.inner_text()
    reader = come("globalReader", viewport={"width": 1280, "height": 800}).page
    for name in ("policy", "stores", "groups", "roles", "applications", "administrators"):
        _open(reader, name)
        assert reader.locator("main button:not([type=search]):visible").count() == 0, name


def test_an_application_is_connected_and_its_secret_shown_once(store: Store, come: Come) -> None:
    page = come(viewport={"width": 1280, "height": 800}).page
    _open(page, "applications")
    page.click("#add")
    page.fill("#field-name", "Kitchen display")
    page.fill("#field-address", "https://kitchen.example.com/callback")
    page.click("#form-go")
    page.click("#add-secret")
    page.click("#form-go")
    secret = page.inner_text("#secret")
    page.click("#secret-done")
    page.wait_for_selector("#secret", state="detached")
    assert secret not in page.content()
    page.click("#consent")
    page.check("input[value='User.Read']")
    page.click("#form-go")
    page.wait_for_selector(".person:has-text('User.Read')")
    client = page.locator(".facts dd").first.inner_text()
    body = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    body["scope"] = "https://graph.microsoft.com/.default"
    assert httpx.post(store.document["tokenEndpoint"], data=body).status_code == 200


def test_badges_that_ended_or_end_soon_are_chosen_for_printing_anew(store: Store, come: Come) -> None:
    person, other = store.person(), store.person()
    store.badge(person)
    store.end_badges(person)
    store.badge(other)
    soon = (datetime.now(UTC) + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/users/{other}/authentication/qrCodePinMethod/standardQRCode"
    assert store.api.patch(path, json={"expireDateTime": soon}).status_code == 200
    page = come(viewport={"width": 1280, "height": 800}).page
    _open(page, "expiring")
    page.click("#print-ended")
    page.wait_for_selector("#many-look")
    assert page.input_value("#many-whom") == "chosen"
    page.click("#many-look")
    announced = page.locator("#many-announced")
    announced.get_by_text("the old one works until the first sign-in with the new one").wait_for()
