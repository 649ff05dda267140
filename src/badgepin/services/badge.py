"""Making a badge: a fresh key whose secret half leaves once, as text and picture, and is kept nowhere."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from badgepin.crypto.badge_key import new_badge_key
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.randomness import new_guid
from badgepin.crypto.row_mac import CodeRow, row_mac
from badgepin.crypto.secret import Secret
from badgepin.domain.badge_text import encode_bp1, encode_ms_qrpin
from badgepin.domain.caller import Call
from badgepin.domain.qr_code import CodeKind, Lifetime, QRCode
from badgepin.domain.qr_code_pin import Person
from badgepin.printing.qr_image import qr_svg
from badgepin.store.qr_code_pin import KeptQRCode, NewQRCode

Level: TypeAlias = Literal["l", "m"]
ALGORITHM = "Ed25519"
MS_QRPIN = "ms-qrpin"


@dataclass(frozen=True)
class IssuedQRCode:
    """A code just made, with the secret that goes on paper."""

    code: QRCode
    seed: Secret
    user_principal_name: str


@dataclass(frozen=True)
class PrintedQRCode:
    """What a client gets once: the text in the symbol, its SVG picture, and the error correction level (`l` or `m`)."""

    text: str
    svg: bytes
    error_correction_level: str


def make_qr_code(  # noqa: PLR0913 - what a code is made of
    call: Call,
    person: Person,
    kind: CodeKind,
    lifetime: Lifetime,
    ring: KeyRing,
    *,
    is_active: bool = True,
    is_replacement: bool = False,
) -> tuple[IssuedQRCode, NewQRCode]:
    """A new key pair as the code to hand out and the row to keep; not `is_active`: it opens nothing until activated."""
    seed, public_key = new_badge_key()
    code = QRCode(new_guid(), kind, call.now, lifetime.start_at, lifetime.expire_at, is_replacement=is_replacement)
    kept = KeptQRCode(ALGORITHM, public_key, call.now if is_active else None, 1)
    key_id, mac = seal_row(ring, person.id, code.id, kind, kept, lifetime)
    row = NewQRCode(
        code.id,
        kind,
        ALGORITHM,
        public_key,
        call.now,
        lifetime,
        key_id,
        mac,
        kept.activated_at,
        is_replacement=is_replacement,
    )
    return IssuedQRCode(code, seed, person.user_principal_name), row


def seal_row(
    ring: KeyRing, user_id: str, code_id: str, kind: CodeKind, kept: KeptQRCode, lifetime: Lifetime
) -> tuple[str, bytes]:
    """The MAC that ties a code row to its person, key and life (security design 3.5)."""
    row = CodeRow(
        qr_code_id=code_id,
        user_id=user_id,
        kind=kind.value,
        algorithm=kept.algorithm,
        public_key=kept.public_key,
        start_at=lifetime.start_at,
        expire_at=lifetime.expire_at,
        activated_at=kept.activated_at,
        revision=kept.revision,
    )
    return row_mac(ring, row)


def badge_text(issued: IssuedQRCode, payload: str) -> tuple[str, Level]:
    """The text of a code just made, and its error correction level; `payload` as in `print_qr_code`."""
    seed = issued.seed.reveal()
    if payload == MS_QRPIN:
        # the longer text needs the lower level to stay as large (graph-contract 8)
        return encode_ms_qrpin(issued.user_principal_name, issued.code.id, seed), "l"
    return encode_bp1(issued.code.id, seed), "m"


def print_qr_code(issued: IssuedQRCode, payload: str) -> PrintedQRCode:
    """The text and picture of a code just made; `payload` is `bp1` or `ms-qrpin` (graph-contract 8)."""
    text, level = badge_text(issued, payload)
    return PrintedQRCode(text, qr_svg(text, error=level), level)
