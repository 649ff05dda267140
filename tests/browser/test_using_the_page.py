"""A worker with one free hand: PIN pad, forced change, refusals that help, and nothing left for the next one."""

import base64
import re
from typing import Any

import pytest

from badgepin.domain.badge_text import BadgeText, read_badge_text
from tests.browser.conftest import FIRST_PIN, PIN, Open, Screen, Store, axe

WRONG = "11112222"


def _tap(screen: Screen, digits: str) -> None:
    screen.step("pin")
    for digit in digits:
        screen.page.click(f'button[data-key="{digit}"]')
    screen.page.click("#pin-submit")


def test_the_first_day_from_scan_to_signed_in(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    _tap(screen, FIRST_PIN)
    screen.choose("19851224")
    assert "date" in screen.message()
    screen.choose("12345678")
    assert "sequence" in screen.message()
    screen.choose(FIRST_PIN)
    assert "given" in screen.message()
    screen.choose(PIN)
    screen.step("done")
    assert screen.page.inner_text("h1") == "Signed in as Noor Vis"
    assert re.search(r"until .*\d\d:\d\d", screen.page.inner_text("main"))


def test_the_rules_for_a_new_pin_are_shown_while_typing(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.enter(FIRST_PIN)
    screen.step("change")
    screen.page.fill("#new-pin", "12345678")
    met = {rule: screen.page.get_attribute(f'[data-rule="{rule}"]', "data-met") for rule in ("length", "run", "same")}
    assert met == {"length": "yes", "run": "no", "same": ""}
    screen.page.fill("#new-pin", PIN)
    screen.page.fill("#new-pin-again", "9041726")
    assert screen.page.get_attribute('[data-rule="run"]', "data-met") == "yes"
    screen.page.fill("#new-pin-again", PIN)
    assert screen.page.get_attribute('[data-rule="same"]', "data-met") == "yes"


def test_the_pin_is_masked_and_gone_after_it_was_sent(store: Store, screen: Screen) -> None:
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.step("pin")
    assert screen.page.get_attribute("#pin", "type") == "password"
    screen.page.keyboard.type("1234x5")
    assert screen.page.input_value("#pin") == "12345"
    screen.page.click('button[data-key="back"]')
    assert screen.page.input_value("#pin") == "1234"
    screen.page.click('button[data-key="clear"]')
    assert screen.page.input_value("#pin") == ""
    screen.enter(WRONG)
    assert "Tries left before a pause: 4" in screen.message()
    assert screen.page.input_value("#pin") == ""


def test_the_pin_clears_itself_when_nobody_goes_on(store: Store, open_screen: Open) -> None:
    screen = open_screen()
    screen.page.clock.install()
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.step("pin")
    screen.page.keyboard.type("1234")
    screen.page.clock.run_for(31_000)
    assert screen.page.input_value("#pin") == ""
    screen.page.clock.run_for(120_000)
    screen.step("scan")


def test_a_locked_badge_says_until_when(store: Store, open_screen: Open) -> None:
    badge = store.badge(store.person())
    for attempt in range(2):
        screen = open_screen()
        screen.page.goto(store.page)
        screen.paste(badge)
        for _ in range(3 - attempt):
            # on a busy machine the answer takes its time, and digits typed before it count for nothing
            with screen.page.expect_response("**/sign-in/pin"):
                screen.enter(WRONG)
            screen.page.wait_for_timeout(300)
    screen.step("refused")
    assert re.search(r"Try again at \d\d:\d\d", screen.reason())
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}", screen.page.inner_text("#handle"))
    screen.page.click("#again")
    screen.step("scan")


def test_a_badge_revoked_between_scan_and_pin_is_refused(store: Store, screen: Screen) -> None:
    person = store.person()
    screen.page.goto(store.page)
    screen.paste(store.badge(person))
    screen.step("pin")
    store.revoke(person)
    screen.enter(FIRST_PIN)
    assert "withdrawn" in screen.reason()


def test_an_expired_code_says_so(store: Store, screen: Screen) -> None:
    person = store.person()
    store.badge(person)
    badge = store.temporary(person, minutes=4 / 60)
    screen.page.goto(store.page)
    screen.page.wait_for_timeout(4500)
    screen.paste(badge)
    assert "has expired" in screen.reason()


def test_a_badge_that_is_not_valid_yet_says_from_when(store: Store, screen: Screen) -> None:
    badge = store.badge(store.person(), standardQRCode={"startDateTime": "2030-01-01T08:00:00Z"})
    screen.page.goto(store.page)
    screen.paste(badge)
    assert "valid from" in screen.reason()


def test_a_strangers_badge_is_refused_without_a_reason(store: Store, screen: Screen) -> None:
    person = store.person()
    badge = store.badge(person)
    assert store.api.delete(f"/users/{person}").status_code == 204
    screen.page.goto(store.page)
    screen.paste(badge)
    assert "cannot be used here" in screen.reason()


def test_after_signing_out_back_tab_and_address_show_nothing_of_the_last_worker(store: Store, screen: Screen) -> None:
    screen.sign_in(store, store.badge(store.person()))
    done, second = screen.page.url, screen.page.context.new_page()
    second.goto(done)
    assert "Noor Vis" in second.inner_text("main")
    screen.page.click("#sign-out")
    screen.step("scan")
    screen.page.go_back()
    screen.page.wait_for_load_state()
    assert "Noor Vis" not in screen.page.inner_text("body")
    second.reload()
    assert "Noor Vis" not in second.inner_text("body")
    screen.page.goto(done)
    screen.step("scan")
    assert screen.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_signing_in_leaves_no_page_with_the_pin_behind(store: Store, screen: Screen) -> None:
    screen.sign_in(store, store.badge(store.person()))
    screen.page.go_back()
    screen.page.wait_for_timeout(300)
    assert not screen.page.is_visible("#pin")
    assert not screen.page.is_visible("#new-pin")


def test_the_page_is_shown_as_its_holder_liked_it_last(store: Store, open_screen: Open) -> None:
    badge = store.badge(store.person())
    first = open_screen()
    first.page.goto(store.page)
    first.page.click("details.settings summary")
    first.page.select_option("#language", "ar")
    first.page.select_option("#text-size", "large")
    first.page.click("details.settings summary")
    assert first.page.evaluate("document.documentElement.dir") == "rtl"
    first.paste(badge)
    first.enter(FIRST_PIN)
    first.choose(PIN)
    first.step("done")
    later = open_screen(locale="de-DE")
    later.page.goto(store.page)
    assert later.page.inner_text("#scan-title") == "Ausweis scannen"
    later.paste(badge)
    later.step("pin")
    assert later.page.inner_text("#pin-title") == "أدخل رقمك السري"
    assert later.page.evaluate("[document.documentElement.dir, document.documentElement.dataset.textSize]") == [
        "rtl",
        "large",
    ]
    later.page.click(".again >> visible=true")
    later.step("scan")
    assert later.page.inner_text("#scan-title") == "Ausweis scannen"


def _spellings(badge: str, seed: bytes) -> dict[str, bytes]:
    encoded = base64.b64encode(seed)
    return {
        "badge text": badge.encode(),
        "raw": seed,
        "hex": seed.hex().encode(),
        "HEX": seed.hex().upper().encode(),
        "base64": encoded.rstrip(b"="),
        "base64url": base64.urlsafe_b64encode(seed).rstrip(b"="),
        "base32": base64.b32encode(seed).rstrip(b"="),
        "lower base32": base64.b32encode(seed).rstrip(b"=").lower(),
        "reversed": seed[::-1],
        "reversed hex": seed[::-1].hex().encode(),
        "reversed base64": base64.b64encode(seed[::-1]).rstrip(b"="),
        "reversed badge text": badge[::-1].encode(),
        "body": badge[29:80].encode(),
    }


def _found(wire: bytes, spellings: dict[str, bytes]) -> list[str]:
    return [name for name, secret in spellings.items() if secret in wire]


def test_the_badges_secret_is_in_no_byte_that_leaves_the_page(store: Store, screen: Screen) -> None:
    badge = store.badge(store.person())
    read = read_badge_text(badge)
    assert isinstance(read, BadgeText)
    wire: list[bytes] = []

    def record(request: Any) -> None:
        wire.append(request.url.encode())
        wire.append(str(request.headers).encode())
        wire.append(request.post_data_buffer or b"")

    screen.page.context.on("request", record)  # of every tab
    screen.sign_in(store, badge)
    sent = b"\n".join(wire)
    assert len(wire) > 30
    assert not _found(sent, _spellings(badge, read.seed))
    # the control: a page that did send it would be caught, however it spelled it
    spellings = _spellings(badge, read.seed)
    assert all(name in _found(sent + secret, spellings) for name, secret in spellings.items())


def test_a_recorded_proof_opens_nothing_a_second_time(store: Store, screen: Screen) -> None:
    recorded: list[Any] = []
    screen.page.on("request", lambda request: recorded.append(request) if request.url.endswith("/proof") else None)
    screen.page.goto(store.page)
    screen.paste(store.badge(store.person()))
    screen.step("pin")
    status = screen.page.evaluate(
        """async ([url, body]) => {
            const response = await fetch(url, {method: "POST", headers: {"Content-Type": "application/json"}, body});
            return [response.status, (await response.json()).error.code];
        }""",
        [recorded[0].url, recorded[0].post_data],
    )
    assert status == [403, "badgeRefused"]


STEPS = ("scan", "settings", "pin", "wrong", "change", "refused", "done")


def _walk(screen: Screen, store: Store, step: str) -> None:
    person = store.person()
    badge = store.badge(person)
    screen.page.goto(store.page)
    if step == "settings":
        screen.page.click("details.settings summary")
    if step in {"scan", "settings"}:
        return
    if step == "refused":
        store.revoke(person)
    screen.paste(badge)
    if step == "refused":
        screen.step("refused")
        return
    screen.step("pin")
    if step == "wrong":
        screen.enter(WRONG)
        screen.message()
    if step in {"change", "done"}:
        screen.enter(FIRST_PIN)
        screen.step("change")
    if step == "done":
        screen.choose(PIN)
        screen.step("done")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_accessible_and_fits_a_small_screen(
    store: Store, open_screen: Open, step: str, scheme: str
) -> None:
    screen = open_screen(
        viewport={"width": 320, "height": 640}, color_scheme=scheme, locale="ar" if scheme == "dark" else "en-GB"
    )
    _walk(screen, store, step)
    assert axe(screen.page) == []
    for size in ("normal", "large", "largest"):
        screen.page.evaluate("(size) => { document.documentElement.dataset.textSize = size; }", size)
        assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size


@pytest.mark.parametrize("step", ["scan", "pin", "change"])
def test_every_target_is_large_enough_for_a_thumb(store: Store, open_screen: Open, step: str) -> None:
    screen = open_screen(viewport={"width": 320, "height": 640})
    _walk(screen, store, step)
    small = screen.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, summary")]
            .filter((item) => item.offsetParent && item.getBoundingClientRect().height < 44 && item.id !== "sounds")
            .map((item) => item.outerHTML)"""
    )
    assert small == []
