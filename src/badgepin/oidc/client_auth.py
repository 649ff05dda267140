"""Which client asks, and how it proves itself: by secret, signed assertion, or not at all (RFC 6749 2.3, RFC 7523)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from badgepin.crypto.jws_header import read_jws_claims
from badgepin.oidc.errors import invalid_client, invalid_request
from badgepin.services.token import AssertionProof, Proof, SecretProof

METHODS = ("client_secret_post", "client_secret_basic", "private_key_jwt")
PUBLIC = "none"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class ClientProof:
    """The client's id, its proof (None: it sent none), and whether it came by HTTP Basic."""

    client_id: str
    proof: Proof | None
    by_basic: bool = False


def read_client(form: Mapping[str, str], authorization: str | None, audiences: frozenset[str]) -> ClientProof:
    """The client and its proof, if it sent one. Raises `TokenError` when it sent two, or does not say who it is."""
    by_basic = (authorization or "").lower().startswith("basic ")
    ways = [by_basic, "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1:
        raise invalid_request("Use exactly one way to authenticate the client.")
    if by_basic:
        return _read_basic(form, authorization or "")
    if "client_assertion" in form:
        return _read_assertion(form, audiences)
    if not form.get("client_id"):
        raise invalid_request("client_id is required.") if any(ways) else invalid_client(by_basic=False)
    return ClientProof(form["client_id"], SecretProof(form["client_secret"]) if "client_secret" in form else None)


def _read_basic(form: Mapping[str, str], authorization: str) -> ClientProof:
    try:
        decoded = base64.b64decode(authorization[6:].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_client(by_basic=True) from None
    client_id, colon, secret = decoded.partition(":")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if not colon or form.get("client_id", client_id) != client_id:
        raise invalid_client(by_basic=True)
    return ClientProof(client_id, SecretProof(secret), by_basic=True)


def _read_assertion(form: Mapping[str, str], audiences: frozenset[str]) -> ClientProof:
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise invalid_request(f"client_assertion_type must be {_ASSERTION_TYPE}.")
    assertion = form["client_assertion"]
    # only to look the client up; everything is checked again under its registered keys
    named = form.get("client_id") or read_jws_claims(assertion).get("sub")
    if not isinstance(named, str):
        raise invalid_client(by_basic=False)
    return ClientProof(named, AssertionProof(assertion, audiences))
