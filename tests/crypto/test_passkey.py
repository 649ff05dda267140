"""Answers of authenticators are read without stumbling, whatever is in them, and only true ones are believed."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.crypto.passkey import (
    Holder,
    Site,
    creation_options,
    read_presented,
    request_options,
    site_of,
    verify,
    verify_new,
)
from tests.desk.authenticator import Authenticator, encode

SITE = Site("id.example.com", "https://id.example.com")
HOLDER = Holder("0c2f3c5e-43c5-4a39-9df0-bd84f7c1a1e0", "ada@example.com", "Ada")
CHALLENGE = "kid.payload.mac"


def _device() -> Authenticator:
    return Authenticator(SITE.origin, SITE.rp_id)


def _made(device: Authenticator) -> dict[str, Any]:
    return device.create(creation_options(SITE, "Example", HOLDER, CHALLENGE, []))


def _proven(device: Authenticator) -> dict[str, Any]:
    return device.get(request_options(SITE, CHALLENGE))


@pytest.mark.parametrize(
    ("base_url", "rp_id"),
    [
        ("https://id.example.com", "id.example.com"),
        ("https://id.example.com:8443", "id.example.com"),
        ("http://localhost:8080", "localhost"),
    ],
)
def test_the_site_is_the_configured_host_without_its_port(base_url: str, rp_id: str) -> None:
    assert site_of(base_url) == Site(rp_id, base_url)


def test_a_key_just_made_signs_for_its_site() -> None:
    device = _device()
    made = read_presented(_made(device))
    assert made is not None
    assert made.challenge == CHALLENGE
    key = verify_new(SITE, made)
    assert key is not None
    assert key.transports == ("internal",)
    answer = read_presented(_proven(device))
    assert answer is not None
    assert answer.user_id == HOLDER.user_id
    assert verify(SITE, answer, key.public_key) == 1


def test_an_answer_to_one_question_is_none_to_the_other() -> None:
    device = _device()
    made, proven = read_presented(_made(device)), read_presented(_proven(device))
    assert made is not None
    assert proven is not None
    key = verify_new(SITE, made)
    assert key is not None
    assert verify_new(SITE, proven) is None
    assert verify(SITE, made, key.public_key) is None


def test_an_answer_for_another_site_is_not_believed() -> None:
    made = read_presented(_made(_device()))
    assert made is not None
    assert verify_new(Site("example.com", SITE.origin), made) is None
    assert verify_new(Site(SITE.rp_id, "https://id.example.com:8443"), made) is None


DEVICE = _device()
MADE, PROVEN = _made(DEVICE), _proven(DEVICE)
KEY = verify_new(SITE, read_presented(MADE) or pytest.fail("unread"))


def _changed(answer: dict[str, Any], part: str, place: int, value: int) -> dict[str, Any]:
    text = answer["response"][part]
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[place % len(raw)] ^= value
    return {**answer, "response": {**answer["response"], part: encode(bytes(raw))}}


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    place=st.integers(0, 5000),
    value=st.integers(1, 255),
)
def test_no_changed_byte_of_an_assertion_is_believed(part: str, place: int, value: int) -> None:
    assert KEY is not None
    presented = read_presented(_changed(PROVEN, part, place, value))
    assert presented is None or verify(SITE, presented, KEY.public_key) is None


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    part=st.sampled_from(["clientDataJSON", "attestationObject"]),
    place=st.integers(0, 5000),
    value=st.integers(1, 255),
    length=st.integers(0, 400),
)
def test_a_changed_or_cut_registration_never_stumbles(part: str, place: int, value: int, length: int) -> None:
    changed = _changed(MADE, part, place, value)
    cut = {**MADE, "response": {**MADE["response"], part: MADE["response"][part][:length]}}
    for answer in (changed, cut):
        presented = read_presented(answer)
        if presented is not None:
            verify_new(SITE, presented)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(answer=JSON, response=JSON, client=st.binary(max_size=200), rest=JSON)
def test_whatever_json_comes_is_read_or_refused(answer: Any, response: Any, client: bytes, rest: Any) -> None:
    shaped = {"id": rest, "rawId": rest, "type": "public-key", "response": {"clientDataJSON": encode(client)}}
    for each in (answer, {**MADE, "response": response}, {**MADE, "id": rest}, {**MADE, "rawId": rest}, shaped):
        presented = read_presented(each)
        if presented is not None:
            verify_new(SITE, presented)
            assert KEY is not None
            verify(SITE, presented, KEY.public_key)
