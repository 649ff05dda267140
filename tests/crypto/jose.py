"""Makes signed texts by hand, also those that no library would make."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def segment(content: bytes | Mapping[str, Any], *, padded: bool = False) -> str:
    """One part of a compact JWS."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")


def read_segment(text: str) -> bytes:
    """What a part says."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(
    key: Key, header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, *, padded: bool = False
) -> str:
    """A compact JWS whose signature is right for its header's algorithm (RFC 7518 3)."""
    signed = segment(header, padded=padded) + "." + segment(payload, padded=padded)
    algorithm = "PS256" if isinstance(header, Mapping) and header.get("alg") == "PS256" else "RS256"
    return f"{signed}.{segment(_signature(key, signed.encode(), algorithm), padded=padded)}"


def _signature(key: Key, message: bytes, algorithm: str) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if algorithm == "PS256":
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return key.sign(message, salted, hashes.SHA256())
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
