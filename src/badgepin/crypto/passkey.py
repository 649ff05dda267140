"""Passkeys (WebAuthn level 3): what the browser is asked, and whether what it answers is true.

User verification is required every time; keys are discoverable, so that nobody types a name; attestation: none.
"""

import base64
import binascii
import hmac
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from badgepin.crypto.challenge import LIFE

Json = dict[str, Any]

_PATIENCE = int(LIFE.total_seconds() * 1000)
# EdDSA, ECDSA with SHA-256, and RSA with SHA-256, which is all that Windows Hello makes (COSE)
_ALGORITHMS = (-8, -7, -257)
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "internal", "cable", "hybrid"})
_LONGEST = 8192
_LONGEST_CREDENTIAL_ID = 1023
_MOST_COUNT = 2**32
# whatever a hostile answer makes the reader stumble over
_WRONG = (
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@cache
def _library() -> ModuleType:
    # four megabytes of attestation formats, loaded when the first passkey comes: most nodes read badges only
    return importlib.import_module("webauthn")


@dataclass(frozen=True)
class Site:
    """For whom a passkey is: the host's name and the origin of the pages, both from configuration."""

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Holder:
    """For whose device a key is asked: an id that says nothing, and the names that the device shows."""

    user_id: str
    user_principal_name: str
    display_name: str


@dataclass(frozen=True)
class NewKey:
    """A key just made by an authenticator; `public_key` is COSE."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool


@dataclass(frozen=True)
class Presented:
    """An authenticator's answer before anything of it is believed."""

    credential_id: bytes
    user_id: str | None
    challenge: str
    raw: Json = field(repr=False)


def site_of(base_url: str) -> Site:
    """The site of an installation."""
    return Site(urlsplit(base_url).hostname or "", base_url)


def creation_options(site: Site, name: str, holder: Holder, challenge: str, known: Sequence[bytes]) -> Json:
    """What `navigator.credentials.create` is called with, as JSON; `known` keys are not made twice on one device."""
    return {
        "rp": {"name": name, "id": site.rp_id},
        "user": {
            "id": _encode(UUID(holder.user_id).bytes),
            "name": holder.user_principal_name,
            "displayName": holder.display_name,
        },
        "challenge": _encode(challenge.encode()),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
        "timeout": _PATIENCE,
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(site: Site, challenge: str, allowed: Sequence[bytes] = ()) -> Json:
    """What `navigator.credentials.get` is called with, as JSON; without `allowed` the device offers what it has."""
    return {
        "challenge": _encode(challenge.encode()),
        "timeout": _PATIENCE,
        "rpId": site.rp_id,
        "allowCredentials": _descriptors(allowed),
        "userVerification": "required",
    }


def read_presented(answer: object) -> Presented | None:
    """An authenticator's answer, or None when it is none."""
    if not isinstance(answer, dict):
        return None
    try:
        response = answer["response"]
        if any(len(part) > _LONGEST for part in (answer["id"], *response.values()) if isinstance(part, str)):
            return None
        client_data = json.loads(_decode(response["clientDataJSON"]))
        if client_data.get("crossOrigin"):
            return None
        challenge = _decode(client_data["challenge"]).decode("ascii")
        credential_id = _decode(answer["id"])
        handle = response.get("userHandle")
        user_id = str(UUID(bytes=_decode(handle))) if handle else None
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error, RecursionError):
        return None
    if not 0 < len(credential_id) <= _LONGEST_CREDENTIAL_ID:
        return None
    return Presented(credential_id, user_id, challenge, answer)


def verify_new(site: Site, presented: Presented) -> NewKey | None:
    """The key that was made for this site, by a person who was verified; None when anything of it is wrong."""
    try:
        made = _library().verify_registration_response(
            credential=presented.raw,
            expected_challenge=presented.challenge.encode(),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(_ALGORITHMS),
        )
        aaguid = str(UUID(made.aaguid))
    except (*_WRONG, _library().helpers.exceptions.WebAuthnException):
        return None
    if not hmac.compare_digest(made.credential_id, presented.credential_id) or not 0 <= made.sign_count < _MOST_COUNT:
        return None
    return NewKey(
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        _transports(presented.raw),
        aaguid,
        bool(made.credential_backed_up),
    )


def verify(site: Site, presented: Presented, public_key: bytes) -> int | None:
    """How often the key says it was used, if it signed for this site with its person verified; else None.

    Whether that number went forward is for the caller to judge: a copied key is more than a wrong answer.
    """
    try:
        proven = _library().verify_authentication_response(
            credential=presented.raw,
            expected_challenge=presented.challenge.encode(),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (*_WRONG, _library().helpers.exceptions.WebAuthnException):
        return None
    return int(proven.new_sign_count)


def _descriptors(credential_ids: Sequence[bytes]) -> list[Json]:
    return [{"type": "public-key", "id": _encode(credential_id)} for credential_id in credential_ids]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _transports(raw: Mapping[str, Any]) -> tuple[str, ...]:
    named = raw["response"].get("transports")
    return tuple(sorted({name for name in named if name in _TRANSPORTS})) if _is_texts(named) else ()


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
