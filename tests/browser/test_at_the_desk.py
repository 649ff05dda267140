"""The desk in a real browser: a forgotten badge from the list of people to the worker's sign-in, and to its end."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import FIRST_PIN, PIN, Open, Screen, Store, axe, platform_authenticator

SIZES = {"small phone": (320, 640), "tablet": (820, 1180), "desktop": (1440, 900)}
FIFTEEN_SECONDS = 15

Worker = tuple[str, str]


@pytest.fixture
def administrator(store: Store) -> Iterator[httpx.Client]:
    """The API with a token of the demo's Global Administrator."""
    token = store.document["tokens"]["globalAdministrator"]
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=store.api.base_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def worker(store: Store, administrator: httpx.Client) -> Worker:
    """A person of the manager's store with a badge and the first PIN: id and name."""
    person, name = store.person(), f"Noor {datetime.now(UTC).timestamp():.6f}"
    assert store.api.patch(f"/users/{person}", json={"displayName": name}).status_code == 204
    units = administrator.get("/directory/administrativeUnits").json()["value"]
    north = next(unit["id"] for unit in units if unit["displayName"] == "Store North")
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person}"}
    added = administrator.post(f"/directory/administrativeUnits/{north}/members/$ref", json=reference)
    assert added.status_code == 204, added.text
    store.badge(person)
    return person, name


@pytest.fixture
def come_to_the_desk(store: Store, administrator: httpx.Client, open_screen: Open) -> Callable[..., Screen]:
    """The manager signs in at a browser of their own, from a fresh invitation on."""

    def come(**options: object) -> Screen:
        manager = store.document["users"]["manager"]["id"]
        invited = administrator.post(f"/badgepin/users/{manager}/invitations", json={})
        assert invited.status_code == 201, invited.text
        screen = open_screen(**options)
        platform_authenticator(screen.page)
        screen.page.goto(invited.json()["link"])
        screen.step("invited")
        screen.page.click("#create")
        screen.step("created")
        screen.page.click("#go-on")
        screen.page.click("#sign-in")
        screen.page.wait_for_selector("body[data-ready=yes]")
        return screen

    return come


def _open_person(page: Page, name: str) -> None:
    page.fill("#search", name)
    page.click(f"a.person:has-text('{name}')")
    page.wait_for_selector(".person-head")


def _seen_by_a_camera(page: Page) -> str:
    picture = Image.open(io.BytesIO(page.locator("#code-picture").screenshot()))
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


def test_a_forgotten_badge_is_solved_within_fifteen_seconds_used_and_revoked(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    desk = come_to_the_desk()
    began = monotonic()
    _open_person(desk.page, worker[1])
    desk.page.click("#forgot")
    desk.page.click("#give")
    desk.page.wait_for_selector("#code-picture")
    badge = _seen_by_a_camera(desk.page)
    assert monotonic() - began < FIFTEEN_SECONDS
    assert axe(desk.page) == []
    assert desk.page.inner_text("#countdown").count(":") == 2

    with desk.page.expect_download() as saved:
        desk.page.click("#save-pdf")
    with pypdfium2.PdfDocument(saved.value.path()) as label:
        assert zxingcpp.read_barcodes(label[0].render(scale=300 / 72).to_pil())[0].text == badge
    assert badge not in saved.value.suggested_filename

    till = open_screen()
    till.sign_in(store, badge)
    desk.page.click("#revoke-now")
    desk.page.wait_for_selector("#code", state="detached")
    refused = open_screen()
    refused.page.goto(store.page)
    refused.paste(badge)
    assert "withdrawn" in refused.reason()

    handle = refused.page.inner_text("#handle")
    desk.page.click("nav [data-page=handle]")
    desk.page.fill("#handle", handle.lower())
    desk.page.click("#explain")
    desk.page.wait_for_selector("#explanation")
    assert "revoked" in desk.page.inner_text("#explanation")


def test_a_lost_badge_dies_at_once_and_a_new_one_takes_its_place(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    desk = come_to_the_desk()
    _open_person(desk.page, worker[1])
    desk.page.click("#lost")
    desk.page.click("#revoke-badge")
    desk.page.click("#replace-badge")
    desk.page.wait_for_selector("#code-picture")
    badge = _seen_by_a_camera(desk.page)
    # what cannot be shown again is not thrown away by a stray key
    desk.page.keyboard.press("Escape")
    assert desk.page.is_visible("#code-picture")
    desk.page.click("#code-done")
    desk.page.wait_for_selector("text=badge revoked")
    open_screen().sign_in(store, badge)


def test_a_first_badge_shows_its_pin_apart_and_a_reset_one_once(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    person, name = worker
    assert store.api.delete(f"/users/{person}/authentication/qrCodePinMethod").status_code == 204
    desk = come_to_the_desk()
    _open_person(desk.page, name)
    desk.page.click("#new-badge")
    desk.page.wait_for_selector("#code-picture")
    badge = _seen_by_a_camera(desk.page)
    desk.page.click("#code-done")
    first = desk.page.inner_text("#first-pin")
    assert not desk.page.is_visible("#code-picture")
    desk.page.click("#pin-done")
    desk.page.click("#reset-pin")
    desk.page.click("#reset-now")
    desk.page.keyboard.press("Escape")
    reset = desk.page.inner_text("#new-pin")
    assert first != reset
    till = open_screen()
    till.page.goto(store.page)
    till.paste(badge)
    till.enter(reset)
    till.choose(PIN)
    till.step("done")


def test_somebody_faster_is_told_in_words_and_the_page_shows_what_there_is(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen]
) -> None:
    person, name = worker
    desk = come_to_the_desk()
    _open_person(desk.page, name)
    store.temporary(person, 60)
    desk.page.click("#forgot")
    desk.page.click("#give")
    desk.page.wait_for_selector(".toast.bad")
    assert "somebody was faster" in desk.page.inner_text(".toast.bad")
    desk.page.wait_for_selector("button:has-text('Revoke temporary badge')")
    assert store.api.delete(f"/users/{person}").status_code == 204
    desk.page.click("button:has-text('Revoke temporary badge')")
    desk.page.wait_for_selector(".toast.bad:has-text('not there any more')")


def test_locked_people_are_found_and_unlocked(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    person, name = worker
    assert store.api.delete(f"/users/{person}/authentication/qrCodePinMethod").status_code == 204
    badge = store.badge(person)
    for _ in range(2):
        till = open_screen()
        till.page.goto(store.page)
        till.paste(badge)
        for _ in range(3):
            if till.page.get_attribute("body", "data-step") == "refused":
                break
            with till.page.expect_response("**/sign-in/pin"):
                till.enter("86420975")
            till.page.wait_for_selector("body[data-step=refused], #message:not([hidden])")
    desk = come_to_the_desk()
    desk.page.click("[data-state=locked]")
    desk.page.click(f"a.person:has-text('{name}')")
    desk.page.click("#unlock")
    desk.page.fill("#reason", "mistyped, seen by me")
    desk.page.click("#unlock-now")
    desk.page.wait_for_selector("text=PIN unlocked")
    till = open_screen()
    till.page.goto(store.page)
    till.paste(badge)
    till.enter(FIRST_PIN)
    till.step("change")


def test_a_proof_that_is_too_old_is_asked_for_again_and_revoking_never_waits(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen]
) -> None:
    person, name = worker
    desk = come_to_the_desk()
    _open_person(desk.page, name)
    store.age_desk_proofs(20)
    desk.page.click("#forgot")
    desk.page.click("#give")
    # the passkey's owner agrees, and what was asked for is done without asking twice
    desk.page.wait_for_selector("#code-picture")
    store.age_desk_proofs(20)
    desk.page.click("#revoke-now")
    desk.page.wait_for_selector("#code", state="detached")

    store.age_desk_proofs(20)
    refusal = "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
    desk.page.evaluate(f"() => {{ navigator.credentials.get = {refusal}; }}")
    desk.page.click("#forgot")
    desk.page.click("#give")
    desk.page.wait_for_selector(".toast.bad")
    method = f"/users/{person}/authentication/qrCodePinMethod/temporaryQRCode"
    assert store.api.get(method).status_code == 404


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_passes_the_accessibility_checker(
    worker: Worker, come_to_the_desk: Callable[..., Screen], size: str
) -> None:
    width, height = SIZES[size]
    dark = {"color_scheme": "dark"} if size == "tablet" else {}
    locale = "ar" if size == "small phone" else "en-GB"
    desk = come_to_the_desk(viewport={"width": width, "height": height}, locale=locale, **dark)
    for page in ("people", "activity", "handle", "expiring", "more", "many", f"person/{worker[0]}"):
        base = desk.page.url.partition("/desk")[0] + "/desk"
        desk.page.goto(f"{base}/{page}")
        desk.page.wait_for_selector("body[data-ready=yes]")
        assert axe(desk.page) == [], page
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= width, page


def test_a_worn_badge_is_replaced_and_works_until_the_new_one_is_used(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    desk = come_to_the_desk()
    _open_person(desk.page, worker[1])
    desk.page.click("#replace")
    assert axe(desk.page) == []
    desk.page.click("#replace-now")
    desk.page.wait_for_selector("#code-picture")
    badge = _seen_by_a_camera(desk.page)
    assert "until the first sign-in" in desk.page.inner_text("#code-note")
    desk.page.click("#code-done")
    desk.page.wait_for_selector("#replacement")
    assert axe(desk.page) == []

    # taken back, handed out again, and used
    desk.page.click("#revoke-new")
    desk.page.click("#replace")
    desk.page.click("#replace-now")
    desk.page.wait_for_selector("#code-picture")
    newest = _seen_by_a_camera(desk.page)
    desk.page.click("#code-done")
    open_screen().sign_in(store, newest)
    refused = open_screen()
    refused.page.goto(store.page)
    refused.paste(badge)
    assert "withdrawn" in refused.reason()
    desk.page.reload()
    desk.page.wait_for_selector("text=new badge took over")
    assert not desk.page.is_visible("#replacement")


def test_many_badges_are_looked_at_made_saved_and_only_then_work(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen], open_screen: Open
) -> None:
    person, name = worker
    assert store.api.delete(f"/users/{person}/authentication/qrCodePinMethod").status_code == 204
    desk = come_to_the_desk()
    page = desk.page
    page.fill("#search", name)
    page.wait_for_selector(f"a.person:has-text('{name}')")
    page.click("#pick")
    page.check(f"input.pick[aria-label='{name}']")
    page.click("#go-on")
    page.click("#many-look")
    page.wait_for_selector("#many-announced")
    assert page.inner_text("#many-announced") == "Get a badge and a PIN: 1"
    assert axe(page) == []
    store.age_desk_proofs(20)
    page.click("#many-start")
    page.wait_for_selector("[data-document=badges-1]", timeout=60_000)
    assert axe(page) == []
    papers = {}
    for document in ("badges-1", "pinSlips-1"):
        assert not page.is_visible("#many-confirm")
        with page.expect_download() as saved:
            page.click(f"[data-document={document}]")
        with pypdfium2.PdfDocument(saved.value.path()) as pdf:
            papers[document] = pdf[0].render(scale=300 / 72).to_pil(), pdf[0].get_textpage().get_text_range()
    badge = zxingcpp.read_barcodes(papers["badges-1"][0])[0].text
    pin = re.search(r"\b(\d{4}) (\d{4})\b", papers["pinSlips-1"][1])
    assert pin is not None
    early = open_screen()
    early.page.goto(store.page)
    early.paste(badge)
    assert early.reason()
    page.click("#many-confirm")
    page.wait_for_selector("#many-end:has-text('1 badges work now')")
    till = open_screen()
    till.page.goto(store.page)
    till.paste(badge)
    till.enter("".join(pin.groups()))
    till.step("change")


def test_revoking_many_shows_first_what_would_end_and_asks(
    store: Store, worker: Worker, come_to_the_desk: Callable[..., Screen]
) -> None:
    person, name = worker
    page = come_to_the_desk(viewport={"width": 320, "height": 640}).page
    page.fill("#search", name)
    page.wait_for_selector(f"a.person:has-text('{name}')")
    page.click("#pick")
    page.check(f"input.pick[aria-label='{name}']")
    page.click("#go-on")
    page.click("[data-kind=revoke]")
    page.click("#many-look")
    page.wait_for_selector("#many-announced:has-text('Badges that end: 1')")
    page.click("#many-start")
    page.click("#many-sure")
    page.wait_for_selector("#many-end:has-text('1 badges are revoked')", timeout=60_000)
    code = store.api.get(f"/users/{person}/authentication/qrCodePinMethod/standardQRCode")
    assert code.status_code == 404
