"""What an experiment found: every verdict beside that of its control, and one end for all of them."""

from dataclasses import dataclass, field

from tests.figures import Figure, record

from faults.intervals import Verdict

_SHOWN = 5


@dataclass
class Findings:
    """Verdicts so far; `finish` fails when any was bad or any control was not."""

    wrong: list[str] = field(default_factory=list)

    def add(self, invariant: str, what: str, verdict: Verdict, weaker: str, control: Verdict) -> None:
        """Print a verdict as a figure; `weaker` says what the control left out."""
        for violation in verdict.violations[:_SHOWN]:
            print(f"  violation: {violation}")
        if not control.violations:
            self.wrong.append(f"{what}: the control stayed green ({weaker}, {control.trials} tries)")
        beside = f"{weaker}: {len(control.violations)} of {control.trials}"
        figure = Figure(invariant, what, verdict.trials, len(verdict.violations), beside, "make faults")
        try:
            record(figure)
        except AssertionError as error:
            self.wrong.append(f"{what}: {len(verdict.violations)} of {verdict.trials} {error}")

    def finish(self) -> None:
        """Raises `AssertionError` with everything that was wrong."""
        if self.wrong:
            raise AssertionError("; ".join(self.wrong))
