"""Values that travel through clients: unread, unchanged, and for one purpose (AES-256-GCM)."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.key_ring import SymmetricKey, create_key_ring
from badgepin.crypto.sealed import seal, unseal

RING = create_key_ring(datetime(2026, 11, 23, tzinfo=UTC))
OTHER = create_key_ring(datetime(2026, 11, 23, tzinfo=UTC))
URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(st.binary(max_size=300), st.text(max_size=20).filter(lambda text: text.isascii()))
def test_what_is_sealed_comes_back_for_its_purpose_only(content: bytes, purpose: str) -> None:
    text = seal(RING, purpose, content)
    assert unseal(RING, purpose, text) == content
    assert unseal(RING, purpose + "x", text) is None
    assert unseal(OTHER, purpose, text) is None
    assert set(text) <= URL_SAFE


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert len({seal(RING, "users", b"after") for _ in range(100)}) == 100


@given(st.data())
def test_no_character_may_change(data: st.DataObject) -> None:
    text = seal(RING, "users", b"after=0000")
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(sorted(URL_SAFE - {text[place]})))
    changed = text[:place] + letter + text[place + 1 :]
    # the last character may hold bits that stand for nothing
    assert unseal(RING, "users", changed) in ((None, b"after=0000") if place == len(text) - 1 else (None,))


@given(st.text(max_size=80) | st.text(max_size=80).map(lambda text: f"{RING.seals[0].kid}.{text}"))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    assert unseal(RING, "users", text) is None


def test_an_older_key_still_opens_what_it_sealed() -> None:
    text = seal(RING, "users", b"after")
    turned = replace(RING, seals=(OTHER.seals[0], RING.seals[0]))
    assert unseal(turned, "users", text) == b"after"
    assert seal(turned, "users", b"after").startswith(OTHER.seals[0].kid + ".")


def test_a_key_does_not_answer_to_the_name_of_another() -> None:
    text = seal(RING, "users", b"after")
    renamed = replace(RING, seals=(SymmetricKey(kid="other", key=RING.seals[0].key),))
    assert unseal(renamed, "users", "other." + text.partition(".")[2]) is None
