"""What a history proves: intervals compared, no search needed. Pure: operations in, violations out."""

from dataclasses import dataclass, field

from faults.history import History, Operation, Outcome

USES = ("signIn", "redeem", "refresh", "probe")
"""The kinds of operations that a code, or what it opened, must be alive for."""


@dataclass
class Verdict:
    """How often it was looked, and what was wrong."""

    trials: int = 0
    violations: list[str] = field(default_factory=list)

    def __add__(self, other: "Verdict") -> "Verdict":
        """Both together."""
        return Verdict(self.trials + other.trials, self.violations + other.violations)


def revocations(history: History) -> dict[str, float]:
    """When the DELETE of each code had answered 204, by the code's id."""
    ended: dict[str, float] = {}
    for done in history.of("delete"):
        ended[done.subject] = min(done.completed, ended.get(done.subject, done.completed))
    return ended


def uses_after_revocation(history: History, *, kinds: tuple[str, ...] = USES) -> Verdict:
    """I2: nothing that was invoked after the DELETE had answered succeeds. Operations of unknown end prove nothing."""
    ended, verdict = revocations(history), Verdict()
    for kind in kinds:
        for use in history.of(kind, None):
            if use.invoked <= ended.get(use.subject, float("inf")) or use.outcome is Outcome.UNKNOWN:
                continue
            verdict.trials += 1
            if use.outcome is Outcome.OK:
                late = use.invoked - ended[use.subject]
                verdict.violations.append(f"{kind} of {use.subject} worked, {late:.3f} s after its DELETE had answered")
    return verdict


def codes_beside_another(history: History) -> Verdict:
    """I3: between two codes of one kind that a person got, one after the other, somebody asked for a DELETE."""
    verdict, last = Verdict(), dict[tuple[str, str], Operation]()
    deletes = history.of("delete", None)
    for made in sorted(history.of("issue"), key=lambda done: done.invoked):
        kind = made.detail.split()[0]
        before = last.get((made.subject, kind))
        last[made.subject, kind] = made
        if before is None or made.invoked < before.completed:
            continue
        verdict.trials += 1
        between = (
            gone
            for gone in deletes
            if gone.detail == f"{kind} {made.subject}"
            and gone.invoked < made.completed
            and gone.completed > before.invoked
        )
        if next(between, None) is None:
            verdict.violations.append(f"{made.subject} got a second {kind} and nobody deleted the first")
    return verdict


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies; not a number where there are none."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
