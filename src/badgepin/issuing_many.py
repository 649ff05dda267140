"""Issuing for many people outside of a door: hashes side by side, codes that wait, documents, and only then life."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from badgepin.crypto.pin_hash import PinRow
from badgepin.domain.errors import DomainError, Reason
from badgepin.domain.qr_code_pin import MethodLimits
from badgepin.issuing import NOT_GIVEN, NewCall
from badgepin.printing.badge import PinSlip, PrintedBadge
from badgepin.services import batch
from badgepin.services import pin as pins
from badgepin.services.badge import IssuedQRCode, badge_text
from badgepin.services.batch import Fate, Planned
from badgepin.services.pin import WantedMethod
from badgepin.services.qr_code_pin import CodeRules, WantedLifetime
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

_AT_ONCE = 50
# while one of them commits, the other hashes
_FOR_EACH_PLACE = 2


@dataclass(frozen=True)
class Made:
    """What somebody of a batch got, or why not. Clear, in memory only."""

    planned: Planned
    issued: IssuedQRCode | None = field(default=None, repr=False)
    pin: str = field(default="", repr=False)
    problem: Reason | None = None


async def issue_many(
    installation: Installation,
    new_call: NewCall,
    planned: Sequence[Planned],
    advance: Callable[[int], object],
    lifetime: WantedLifetime = NOT_GIVEN,
) -> list[Made]:
    """Codes that wait, in the order of the plan; one person's problem stops nobody else."""
    made: list[Made | None] = [None] * len(planned)
    waiting = iter(enumerate(planned))

    async def work() -> None:
        for place, each in waiting:
            try:
                made[place] = await _issue(installation, new_call, each, lifetime)
            except DomainError as error:
                made[place] = Made(each, problem=error.reason)
            advance(1)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(installation.settings.hash_workers * _FOR_EACH_PLACE):
                group.create_task(work())
    except BaseException:
        await take_back(installation, new_call, [one for one in made if one])
        raise
    return [one for one in made if one]


async def deliver(installation: Installation, new_call: NewCall, made: Sequence[Made]) -> int:
    """The paper is there: codes come alive, a portion in each transaction. Returns how many did."""
    call, ring, count = new_call(), installation.keys, 0
    codes = [
        (one.planned.person.id, one.issued.code.id)
        for one in made
        if one.issued is not None and one.planned.person is not None
    ]

    def work(tx: Transaction, portion: Sequence[tuple[str, str]]) -> int:
        return sum(batch.deliver(tx, call, user_id, code_id, ring) for user_id, code_id in portion)

    for begin in range(0, len(codes), _AT_ONCE):
        portion = codes[begin : begin + _AT_ONCE]
        count += await installation.database.write(partial(work, portion=portion))
    return count


async def take_back(installation: Installation, new_call: NewCall, made: Sequence[Made]) -> None:
    """There will be no paper: what was issued ends."""
    call = new_call()
    for one in made:
        if one.issued is not None and one.planned.person is not None:
            user_id, code_id, with_pin = one.planned.person.id, one.issued.code.id, bool(one.pin)
            await installation.database.write(
                lambda tx, user_id=user_id, code_id=code_id, with_pin=with_pin: batch.take_back(  # type: ignore[misc] # a lambda's defaults
                    tx, call, user_id, code_id, with_pin=with_pin
                )
            )


def on_paper(
    made: Sequence[Made], payload: str, photo_file: Callable[[str], str] = lambda _name: ""
) -> tuple[tuple[PrintedBadge, ...], tuple[PinSlip, ...]]:
    """The badges and, apart from them, the PIN slips of those who got a PIN.

    `photo_file` says where the photo of somebody's user principal name is; empty: there is none.
    """
    badges, slips = [], []
    for one in made:
        person = one.planned.person
        if one.issued is None or person is None:
            continue
        code, (text, level) = one.issued.code, badge_text(one.issued, payload)
        store = person.units[0].name if person.units else ""
        ends = code.expire_at.strftime("%Y-%m-%d")
        badges.append(
            PrintedBadge(
                person.display_name,
                text,
                level,
                code.id,
                store,
                ends,
                job_title=person.job_title or "",
                photo_file=photo_file(person.user_principal_name),
            )
        )
        if one.pin:
            slips.append(PinSlip(person.display_name, store, one.pin, code.id))
    return tuple(badges), tuple(slips)


async def _issue(installation: Installation, new_call: NewCall, each: Planned, lifetime: WantedLifetime) -> Made:
    person = each.person
    if person is None or not each.is_wanted:
        return Made(each)
    call, database, ring = new_call(), installation.database, installation.keys
    rules = CodeRules(installation.settings.standard_max_days)
    if batch.is_waiting(person, call):
        await database.write(lambda tx: batch.clear_undelivered(tx, call, person))
    if each.fate is Fate.BADGE:
        issued = await database.write(lambda tx: batch.issue_waiting_code(tx, call, person.id, lifetime, rules, ring))
        return Made(each, issued)

    def wanted(limits: MethodLimits) -> WantedMethod:
        return WantedMethod(lifetime, pins.generate(limits.pin_length))

    new = await database.read(lambda tx: pins.check_new_method(tx, call, person.id, wanted, rules))
    async with installation.hasher.slot() as slot:
        hashed = await slot.hash(new.pin.digits, PinRow(new.pin.person.id, new.pin.pin_id, new.pin.version))
    days = installation.settings.temporary_pin_days
    _, issued = await database.write(lambda tx: pins.create_method(tx, call, new, hashed, days, ring, is_active=False))
    return Made(each, issued, new.pin.digits)
