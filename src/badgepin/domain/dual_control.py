"""Badge and PIN from two hands (security design 1.3): whoever gave both could sign in as that person.

                 ┌─ the other of the two, within the span, from the same actor ─▶ alert, or refused
nothing ──badge or PIN given──▶ one in hand ──span over──▶ nothing
   └────── both in one act (a new method) ──────▶ alert, or refused

Refused is only a person. An application that provisions is told of and let go on: it has no second hand to wait for.
The command line does not count: who sits there holds the key ring and the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from badgepin.domain.audit import Activity
from badgepin.domain.caller import Caller
from badgepin.domain.hands import DualControl, Hand
from badgepin.domain.tenant import COMMAND_LINE_CLIENT

UNLOCK_SPAN = timedelta(hours=24)
UNLOCKS_THAT_ALERT = 3
"""So many unlocks of one person within the span are told of (security design 4.5)."""


_BOTH = frozenset(Hand)


@dataclass(frozen=True)
class GivenAct:
    """An act on a person's method as the audit log has it."""

    activity: str
    names_code: bool
    names_pin: bool


class Verdict(Enum):
    """What one hand's next act leads to."""

    FINE = "fine"
    ALERT = "alert"
    REFUSED = "refused"


def in_hand(acts: Iterable[GivenAct]) -> frozenset[Hand]:
    """What an actor gave with these acts: a code that was issued, a PIN that was set."""
    held: set[Hand] = set()
    for act in acts:
        if act.names_code and act.activity == Activity.ADMIN_REGISTERED:
            held.add(Hand.BADGE)
        if act.names_pin and act.activity in {Activity.ADMIN_REGISTERED, Activity.ADMIN_UPDATED}:
            held.add(Hand.PIN)
    return frozenset(held)


def judge_hands(
    caller: Caller, user_id: str, held: frozenset[Hand], giving: frozenset[Hand], rule: DualControl
) -> Verdict:
    """What it means that this caller, who gave `held` within the span, gives this now.

    An alert is raised once: nothing is added by a hand that has both.
    """
    if caller.user_id == user_id or caller.client_id == COMMAND_LINE_CLIENT:
        return Verdict.FINE
    if held | giving != _BOTH or held == _BOTH:
        return Verdict.FINE
    return Verdict.REFUSED if rule.blocks and not caller.is_application else Verdict.ALERT
