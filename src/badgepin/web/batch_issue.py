"""One person of a running batch: decide again, hash between two looks at the database, and what goes on paper."""

from dataclasses import dataclass, field
from typing import Protocol

from badgepin.crypto.pin_hash import PinRow
from badgepin.domain.badge_batch import BadgeBatch, BatchRow
from badgepin.domain.caller import Call
from badgepin.domain.desk_person import DeskPerson
from badgepin.domain.errors import DomainError, NotPermitted, Reason
from badgepin.domain.qr_code_pin import MethodLimits
from badgepin.printing.badge import PinSlip, PrintedBadge
from badgepin.services import batch, batch_issue, batch_plan
from badgepin.services import pin as pins
from badgepin.services.badge import IssuedQRCode, badge_text
from badgepin.services.batch import Fate
from badgepin.services.pin import WantedMethod
from badgepin.services.qr_code_pin import CodeRules, WantedLifetime
from badgepin.web.installation import Installation


class Issuing(Protocol):
    """What issuing one row needs to know of its run."""

    @property
    def installation(self) -> Installation:
        """Where."""
        ...

    @property
    def batch(self) -> BadgeBatch:
        """Of which batch."""
        ...

    def call(self) -> Call:
        """For whom, now."""
        ...


@dataclass(frozen=True)
class IssuedRow:
    """What goes on paper for one person: clear, in memory only."""

    badge: PrintedBadge = field(repr=False)
    slip: PinSlip | None = field(default=None, repr=False)


async def issue_row(run: Issuing, row: BatchRow) -> IssuedRow | None:
    """A code that waits; None when nothing was made for this person, which the row says.

    Raises `BatchLost`, and `NotPermitted` when the requester's own right is gone.
    """
    try:
        return await _issue(run, row)
    except DomainError as error:
        if isinstance(error, NotPermitted) and error.reason is Reason.CALLER_UNKNOWN:
            raise
        await _problem(run, row, error.reason.value)
        return None


async def _issue(run: Issuing, row: BatchRow) -> IssuedRow | None:
    installation, call, of = run.installation, run.call(), run.batch
    database, rules = installation.database, CodeRules(installation.settings.standard_max_days)
    ring, user_id = installation.keys, row.user_id or ""
    fate, person = await database.read(lambda tx: batch_plan.fate_now(tx, call, row, installation.lockout_rules))
    if person is None or fate not in {Fate.BADGE, Fate.BADGE_AND_PIN, Fate.REPLACEMENT}:
        await _problem(run, row, fate.value)
        return None
    if batch.is_waiting(person, call):
        await database.write(lambda tx: batch_issue.clear_undelivered(tx, call, of, person))
    if fate is not Fate.BADGE_AND_PIN:
        issue = batch_issue.issue_code if fate is Fate.BADGE else batch_issue.issue_replacement
        issued = await database.write(lambda tx: issue(tx, call, of, row, rules, ring))
        return IssuedRow(_badge(installation, person, issued))

    def wanted(limits: MethodLimits) -> WantedMethod:
        return WantedMethod(WantedLifetime(None, of.code_expire_at), pins.generate(limits.pin_length))

    new = await database.read(lambda tx: pins.check_new_method(tx, call, user_id, wanted, rules))
    async with installation.hasher.patient_slot() as slot:
        hashed = await slot.hash(new.pin.digits, PinRow(new.pin.person.id, new.pin.pin_id, new.pin.version))
    days = installation.settings.temporary_pin_days
    issued = await database.write(lambda tx: batch_issue.issue_method(tx, run.call(), of, row, new, hashed, days, ring))
    slip = PinSlip(person.display_name, _store(person), new.pin.digits, issued.code.id)
    return IssuedRow(_badge(installation, person, issued), slip)


async def _problem(run: Issuing, row: BatchRow, problem: str) -> None:
    call = run.call()
    await run.installation.database.write(lambda tx: batch_issue.note_problem(tx, call, run.batch, row, problem))


def _badge(installation: Installation, person: DeskPerson, issued: IssuedQRCode) -> PrintedBadge:
    text, level = badge_text(issued, installation.settings.payload)
    code, ends = issued.code, issued.code.expire_at.strftime("%Y-%m-%d")
    return PrintedBadge(
        person.display_name, text, level, code.id, _store(person), ends, job_title=person.job_title or ""
    )


def _store(person: DeskPerson) -> str:
    return person.units[0].name if person.units else ""
