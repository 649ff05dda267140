"""What is known of badges that somebody holds in their hands and wants on paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.crypto.badge_key import public_key_of
from badgepin.domain.access import MethodAction
from badgepin.domain.badge_text import Unreadable, read_badge_text
from badgepin.domain.caller import Call
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, Reason
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.qr_code import CodeKind
from badgepin.services.desk_person import read_person
from badgepin.services.qr_code_pin import admit
from badgepin.store import sign_in
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Printable:
    """A living badge whose secret the caller showed, and what stands beside it on paper."""

    text: str = field(repr=False)
    code_id: str
    kind: CodeKind
    expire_at: datetime
    name: str
    job_title: str
    store: str


def read_printables(tx: Transaction, call: Call, texts: Sequence[str], rules: LockoutRules) -> list[Printable]:
    """The badges of these texts, in their order. Nothing is drawn that could be taken for a badge and is none.

    Raises `InvalidValue`, `NotFound` for codes that do not exist or are out of reach, `Conflict` for revoked ones.
    """
    return [_read(tx, call, text, place, rules) for place, text in enumerate(texts)]


def _read(tx: Transaction, call: Call, text: str, place: int, rules: LockoutRules) -> Printable:
    badge = read_badge_text(text)
    if isinstance(badge, Unreadable):
        raise InvalidValue(Reason.VALUE_INVALID, message=f"badges[{place}] is not the text of a badge.")
    found = sign_in.find_badge(tx, call.tenant_id, badge.qr_code_id)
    if found is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=badge.qr_code_id)
    holder = found.badge.holder
    try:
        admit(tx, call, holder.id, MethodAction.WRITE)
        seen, _ = read_person(tx, call, holder.id, rules)
    except NotFound as error:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=badge.qr_code_id) from error
    code = found.badge.code
    if code.revoked_at is not None:
        raise Conflict(Reason.CHANGED_MEANWHILE, message=f"The code of badges[{place}] has been revoked.")
    if public_key_of(badge.seed) != found.kept.public_key:
        raise InvalidValue(Reason.VALUE_INVALID, message=f"badges[{place}] is not the text of a badge.")
    return Printable(
        text.strip(),
        code.id,
        code.kind,
        code.expire_at,
        holder.display_name,
        seen.person.job_title or "",
        seen.unit_names[0] if seen.unit_names else "",
    )
