"""What is fuzzed: each target hands bytes to a reader, which may read or refuse them and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime

from badgepin.crypto.challenge import Context, is_challenge_good, new_challenge
from badgepin.crypto.jws_header import read_jws_claims, read_jws_header
from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.sealed import unseal
from badgepin.domain.badge_text import encode_bp1, encode_ms_qrpin, read_badge_text
from badgepin.domain.errors import DomainError
from badgepin.domain.filter import Field, Kind
from badgepin.graph.errors import GraphError
from badgepin.graph.filter import Schema, read_filter

_NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
_RING = create_key_ring(_NOW)
_PEOPLE = Schema(
    "user",
    {
        "displayname": Field("display_name", Kind.NAME),
        "id": Field("id", Kind.CODE),
        "accountenabled": Field("account_enabled", Kind.BOOLEAN),
        "createddatetime": Field("created_at", Kind.INSTANT),
        "businessphones": Field("business_phones", Kind.TEXT, many=True),
    },
)


def badge_text(content: bytes) -> None:
    """The text in a QR code."""
    read_badge_text(content.decode("utf-8", "replace"))


def jose_header(content: bytes) -> None:
    """A token before its signature is looked at."""
    token = content.decode("latin-1")
    read_jws_header(token)
    read_jws_claims(token)


def odata_filter(content: bytes) -> None:
    """`$filter` of a list of people."""
    try:
        read_filter(content.decode("utf-8", "replace"), _PEOPLE)
    except (GraphError, DomainError):
        return


def challenge(content: bytes) -> None:
    """A challenge that comes back, and a sealed value."""
    text = content.decode("utf-8", "replace")
    if is_challenge_good(_RING, text, Context("browser", ""), epoch=0, now=_NOW):
        raise AssertionError("A challenge that nobody made was believed.")
    if unseal(_RING, "purpose", text) is not None:
        raise AssertionError("A value that nobody sealed was opened.")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "badge-text": badge_text,
    "jose-header": jose_header,
    "odata-filter": odata_filter,
    "challenge": challenge,
}

_SOMEBODY = "6f1c1a52-6a0e-4c2c-9d53-0d7c6a2f7b11"
SEEDS: dict[str, tuple[bytes, ...]] = {
    "badge-text": (
        encode_bp1(_SOMEBODY, bytes(32)).encode(),
        encode_ms_qrpin("ada@stores.example", _SOMEBODY, bytes(32)).encode(),
    ),
    "jose-header": (b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhIn0.AAAA",),
    "odata-filter": (
        b"startswith(displayName,'a') and not (accountEnabled eq true)",
        b"createdDateTime ge 2026-11-29T12:00:00Z or id in ('a','b')",
        b"businessPhones/any(p:p eq '1')",
    ),
    "challenge": (new_challenge(_RING, Context("other", ""), epoch=0, now=_NOW).encode(),),
}
