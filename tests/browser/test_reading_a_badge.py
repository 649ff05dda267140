"""A badge is read by a camera, by any scanner on any keyboard, or from pasted text; anything else is refused kindly."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.browser.conftest import CHROMIUM, FIRST_PIN, PIN, QUIET, Screen, Store
from tests.browser.fake_camera import KINDS, film
from tests.browser.keyboards import LAYOUTS, presses

KEY_EVENT = "Input.dispatchKeyEvent"


@pytest.mark.parametrize("kind", KINDS)
def test_the_camera_reads_a_badge(store: Store, playwright: Playwright, tmp_path: Path, kind: str) -> None:
    badge = store.badge(store.person())
    video = film(badge, kind, tmp_path / "badge.mjpeg")
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *camera])
    try:
        screen = Screen(browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB"))
        screen.page.goto(store.page)
        screen.page.click("#camera-start")
        screen.step("pin")
        assert "Noor Vis" in screen.page.inner_text("#hello")
        assert not screen.page.is_visible("#camera")
        screen.enter(FIRST_PIN)
        screen.choose(PIN)
        screen.step("done")
        assert not screen.problems
    finally:
        browser.close()


def _type(screen: Screen, text: str, layout: str) -> None:
    session = screen.page.context.new_cdp_session(screen.page)
    for press in presses(text, layout):
        event = {"code": press.code, "key": press.key, "modifiers": 8 if press.shift else 0}
        session.send(KEY_EVENT, {"type": "keyDown", "text": press.key, **event})
        session.send(KEY_EVENT, {"type": "keyUp", **event})
    screen.page.keyboard.press("Enter")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_scanner_types_a_badge_on_any_keyboard(store: Store, screen: Screen, layout: str) -> None:
    badge = store.badge(store.person())
    screen.page.goto(store.page)
    screen.step("scan")
    _type(screen, badge, layout)
    screen.step("pin")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_scanner_types_the_other_form_too(store: Store, screen: Screen, layout: str) -> None:
    body, seed = store.badge(store.person()), ""
    found = screen.page.context.new_page()
    found.goto(store.page)
    parts = found.evaluate(
        """async ([path, text]) => {
            const { readBadgeText } = await import(path);
            const badge = await readBadgeText(text);
            return [badge.qrId, Array.from(badge.seed, (byte) => byte.toString(16).padStart(2, "0")).join("")];
        }""",
        [
            found.evaluate("JSON.parse(document.getElementById('configuration').textContent).static")
            + "/badge_text.js",
            body,
        ],
    )
    found.close()
    qr_id, seed = parts
    screen.page.goto(store.page)
    screen.step("scan")
    _type(screen, f"ms-qrpin:v1|noor@stores.example|{qr_id}|{seed}", layout)
    screen.step("pin")


def test_a_badge_is_scanned_while_a_button_has_the_focus(store: Store, screen: Screen) -> None:
    badge = store.badge(store.person())
    screen.page.goto(store.page)
    screen.page.focus("#camera-start")
    screen.page.keyboard.type(badge)
    screen.page.keyboard.press("Enter")
    screen.step("pin")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://example.com/menu", "not a badge"),
        ("BP1" + "0" * 84, "could not be read completely"),
        ("ms-qrpin:v1|a@b|not-a-guid|00", "another system"),
        ("5012345678900", "not a badge"),
        ("<img src=x onerror=alert(1)>", "not a badge"),
    ],
)
def test_what_is_no_badge_is_said_so_and_goes_nowhere(store: Store, screen: Screen, text: str, sentence: str) -> None:
    sent: list[str] = []
    screen.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    screen.page.goto(store.page)
    screen.paste(text)
    assert sentence in screen.message()
    assert not sent
    assert screen.page.url == store.page


def test_a_wrong_scan_is_followed_by_the_right_one(store: Store, screen: Screen) -> None:
    badge = store.badge(store.person())
    screen.page.goto(store.page)
    screen.paste("nonsense")
    screen.message()
    screen.page.fill("#paste", badge)
    screen.page.press("#paste", "Enter")
    screen.enter(FIRST_PIN)
    screen.step("change")


def test_a_device_without_a_camera_is_told_what_to_do(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.page.click("#camera-start")
    assert "(CAM" in screen.message()
