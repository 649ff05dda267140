"""The authorization request on its way through the sign-in page: sealed, so that nothing is kept for strangers."""

from datetime import datetime, timedelta

import msgspec

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.sealed import seal, unseal
from badgepin.domain.authorization import AuthorizationRequest

# a page on a shared screen waits for its next worker through a whole shift
_LIFE = timedelta(hours=12)
_LONGEST = 8192
_decode = msgspec.json.Decoder(AuthorizationRequest).decode


def seal_request(ring: KeyRing, tenant_id: str, request: AuthorizationRequest) -> str:
    """The request as opaque text for the page."""
    return seal(ring, _purpose(tenant_id), msgspec.json.encode(request))


def unseal_request(ring: KeyRing, tenant_id: str, text: str, now: datetime) -> AuthorizationRequest | None:
    """The request that was sealed for this tenant, or None when it was not, or too long ago."""
    content = unseal(ring, _purpose(tenant_id), text) if len(text) <= _LONGEST else None
    if content is None:
        return None
    try:
        request = _decode(content)
    except msgspec.ValidationError:
        # sealed by another release
        return None
    return request if now < request.asked_at + _LIFE else None


def _purpose(tenant_id: str) -> str:
    return f"authorization-request|{tenant_id}"
