"""The page that others implement the protocol from says exactly what the code does, in Python and in the browser."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgepin.crypto.badge_key import public_key_of
from badgepin.crypto.challenge import message_to_sign
from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.domain.pin import Weakness
from badgepin.domain.sign_in import Denial

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS: dict[str, str] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def test_the_badge_reads_as_the_vectors_say() -> None:
    badge = read_badge_text(VECTORS["badgeText"])
    assert isinstance(badge, BadgeText)
    assert (badge.qr_code_id, badge.seed.hex()) == (VECTORS["codeId"], VECTORS["seed"])
    assert public_key_of(badge.seed).hex() == VECTORS["publicKey"]


def test_the_message_and_its_signature_are_the_vectors() -> None:
    message = message_to_sign(VECTORS["origin"], VECTORS["challenge"], VECTORS["codeId"])
    signature = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["seed"])).sign(message)
    assert hashlib.sha256(message).hexdigest() == VECTORS["messageSha256"]
    assert base64.urlsafe_b64encode(signature).rstrip(b"=").decode() == VECTORS["signature"]
    # spelled out once by hand, as the page describes it
    parts = [VECTORS["origin"], VECTORS["challenge"], VECTORS["codeId"], "signin", ""]
    assert message == b"badgepin/v1\0" + b"".join(len(part).to_bytes(4) + part.encode() for part in parts)


@pytest.mark.parametrize("name", VECTORS)
def test_the_page_prints_every_vector(name: str) -> None:
    assert f"`{VECTORS[name]}`" in PAGE


def test_the_page_names_every_code_and_reason() -> None:
    assert not [denial for denial in Denial if f"`{denial.value}`" not in PAGE]
    assert not [weakness for weakness in Weakness if weakness.value not in PAGE]
