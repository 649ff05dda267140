"""What the page finds out without the server: a dead network, a slow clock, an old browser, somebody who left."""

from typing import Any

from tests.browser.conftest import FIRST_PIN, Open, Screen, Store


def test_a_lost_connection_is_said_with_its_handle_and_the_sign_in_goes_on_later(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.step("pin")
    screen.page.context.set_offline(True)
    screen.enter(FIRST_PIN)
    assert "(NET1)" in screen.message()
    screen.page.context.set_offline(False)
    screen.enter(FIRST_PIN)
    screen.step("change")


def test_a_camera_whose_reader_cannot_be_fetched_is_a_matter_of_the_network(store: Store, screen: Screen) -> None:
    screen.page.add_init_script("navigator.mediaDevices.getUserMedia = async () => new MediaStream();")
    screen.page.route("**/vendor/zxing-reader.js", lambda route: route.abort())
    screen.page.goto(store.page)
    screen.page.click("#camera-start")
    assert "(NET1)" in screen.message()


def test_a_challenge_that_grew_too_old_on_its_way_has_its_own_handle(store: Store, open_screen: Open) -> None:
    screen = open_screen()
    screen.page.clock.install()

    def slowly(route: Any) -> None:
        screen.page.clock.set_system_time("2037-01-01T00:00:00Z")
        refusal = {"error": {"code": "badgeRefused", "message": "No.", "handle": "AAAA"}}
        route.fulfill(status=403, json=refusal)

    screen.page.route("**/sign-in/proof", slowly)
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    assert "took too long" in screen.reason()
    assert screen.page.inner_text("#handle") == "CLK1"


def test_a_browser_that_cannot_sign_says_so_at_once(store: Store, screen: Screen) -> None:
    screen.page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined});")
    screen.page.goto(store.page)
    assert "too old" in screen.reason()
    assert screen.page.inner_text("#handle") == "SUP1"


def test_half_a_new_pin_is_gone_when_nobody_goes_on(store: Store, open_screen: Open) -> None:
    screen = open_screen()
    screen.page.clock.install()
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.enter(FIRST_PIN)
    screen.step("change")
    screen.page.fill("#new-pin", "9041")
    screen.page.clock.run_for(31_000)
    assert screen.page.input_value("#new-pin") == ""


def test_whoever_goes_on_is_not_sent_back_to_the_scan(store: Store, open_screen: Open) -> None:
    screen = open_screen()
    screen.page.clock.install()
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.step("pin")
    screen.page.clock.run_for(100_000)
    screen.page.keyboard.type("1")
    screen.page.clock.run_for(100_000)
    screen.step("pin")
    screen.page.clock.run_for(30_000)
    screen.step("scan")


def test_the_next_badge_does_not_get_the_last_ones_language(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.page.select_option("#language", "pl", force=True)
    person = store.person()
    badge = store.badge(person)
    store.revoke(person)
    screen.paste(badge)
    screen.step("refused")
    screen.page.keyboard.type(store.badge(store.person()))
    screen.page.keyboard.press("Enter")
    screen.step("pin")
    assert screen.page.inner_text("#pin-title") == "Enter your PIN"
