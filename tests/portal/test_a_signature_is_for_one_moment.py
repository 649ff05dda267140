"""A badge signs this site, this challenge and itself: a signature over anything else proves nothing (threat 9)."""

import base64
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.domain.badge_text import BadgeText
from tests.graph.world import BASE, World, guid
from tests.portal.screen import PATH, Screen, read, settled_badge

_MESSAGE = b"badgepin/v1\0"


@dataclass(frozen=True)
class Signed:
    """The fields as they are signed, apart from the ones that are sent."""

    origin: str
    challenge: str
    qr_id: str
    purpose: str = "signin"
    device: str = ""

    def message(self) -> bytes:
        """Written down here once more, so that the server's own code is not what vouches for it."""
        fields = (self.origin, self.challenge, self.qr_id, self.purpose, self.device)
        return _MESSAGE + b"".join(len(field.encode()).to_bytes(4) + field.encode() for field in fields)


OTHERS = st.one_of(
    st.text(max_size=60), st.sampled_from([BASE + "/", "https://evil.example", guid("other"), "sign-out", "desk", ""])
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(["origin", "challenge", "qr_id", "purpose", "device"]), other=OTHERS)
def test_no_field_of_a_signature_can_be_another(world: World, field: str, other: str) -> None:
    screen, badge = _at_the_screen(world)
    challenge = str(screen.post_json(f"{PATH}/challenge", {"request": ""}).json()["challenge"])
    good = Signed(BASE, challenge, badge.qr_code_id)
    key = Ed25519PrivateKey.from_private_bytes(badge.seed)
    changed = replace(good, **{field: other})
    for signed, status in ((changed, 403 if changed != good else 200), (good, 200 if changed != good else 403)):
        signature = base64.urlsafe_b64encode(key.sign(signed.message())).rstrip(b"=").decode()
        body = {"request": "", "challenge": good.challenge, "qr_id": good.qr_id, "signature": signature}
        assert screen.post_json(f"{PATH}/proof", body).status == status


def _at_the_screen(world: World) -> tuple[Screen, BadgeText]:
    if id(world) not in _READY:
        _READY.clear()
        screen = Screen(world)
        screen.get(PATH)
        _READY[id(world)] = (screen, read(settled_badge(world)))
    return _READY[id(world)]


_READY: dict[int, tuple[Screen, BadgeText]] = {}
