"""The text on a badge (security design 3.2)."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.badge_text import BadgeText, Unreadable, encode_bp1, encode_ms_qrpin, read_badge_text

ID = "6f1c2f0e-8a57-4d1b-9f2a-0c1d2e3f4a5b"
SEED = bytes(range(32))
VECTOR = "BP1DWE2Y3MAAX6HQ7SA1GEJWFTABC0020G30G2GC1R81450P30D1R7H048J2CA1A5GQ30CHM6RW3MF1Y4NFZPM3"
seeds, ids = st.binary(min_size=32, max_size=32), st.uuids().map(str)


def test_the_vector_of_the_design_is_what_we_write_and_read() -> None:
    assert encode_bp1(ID, SEED) == VECTOR
    assert len(VECTOR) == 87
    assert read_badge_text(VECTOR) == BadgeText(ID, SEED)


def test_case_and_look_alikes_do_not_matter() -> None:
    assert read_badge_text(VECTOR.lower()) == BadgeText(ID, SEED)
    assert read_badge_text(f" {VECTOR}\r\n") == BadgeText(ID, SEED)
    confused = VECTOR[:3] + VECTOR[3:].replace("1", "l").replace("0", "o")
    assert read_badge_text(confused) == BadgeText(ID, SEED)


@given(ids, seeds)
def test_both_forms_come_back_as_they_went(identifier: str, seed: bytes) -> None:
    assert read_badge_text(encode_bp1(identifier, seed)) == BadgeText(identifier, seed)
    assert read_badge_text(encode_ms_qrpin("a@b.example", identifier, seed)) == BadgeText(identifier, seed)


@given(ids, seeds, st.integers(3, 86), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_noticed(identifier: str, seed: bytes, place: int, letter: str) -> None:
    text = encode_bp1(identifier, seed)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        assert read_badge_text(changed) is Unreadable.DAMAGED


@given(
    st.one_of(
        st.text(), st.text(alphabet="BP10OIL|:msqrpinv-" + VECTOR), st.binary().map(lambda b: b.decode("latin-1"))
    )
)
def test_no_text_does_more_than_be_unreadable(text: str) -> None:
    read = read_badge_text(text)
    assert isinstance(read, BadgeText | Unreadable)


def test_what_is_not_ours_says_so() -> None:
    assert read_badge_text("https://example.com") is Unreadable.NOT_A_BADGE
    assert read_badge_text("") is Unreadable.NOT_A_BADGE
    assert read_badge_text("BP1") is Unreadable.DAMAGED
    assert read_badge_text(f"ms-qrpin:v1|a@b|{ID}|{'0' * 192}") is Unreadable.OTHER_SYSTEM
    assert read_badge_text(f"MS-QRPIN:V1|a@b|{ID.upper()}|{SEED.hex().upper()}") == BadgeText(ID, SEED)


def test_a_name_cannot_break_the_fields() -> None:
    text = encode_ms_qrpin("evil|x@b.example", ID, SEED)
    assert text.count("|") == 3
    assert read_badge_text(text) == BadgeText(str(UUID(ID)), SEED)
