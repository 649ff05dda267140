"""`badgepin doctor`."""

from typing import Annotated

import typer

from badgepin.cli.examination import examine
from badgepin.cli.operator import settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import print_json
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.finding import Finding, Verdict

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(
    data: DataOption = None,
    calibrate: Annotated[bool, typer.Option("--calibrate", help="Also measure what a PIN hash may cost here.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with an installation, and what to do. Exit code 1 when something is.

    \b
    badgepin doctor
    badgepin doctor --calibrate
    badgepin doctor --json | jq '.[] | select(.verdict != "ok")'
    """
    findings = examine(settings_of(data), calibrated=calibrate)
    if as_json:
        print_json([{"check": f.check, "verdict": f.verdict.value, "finding": f.sentence} for f in findings])
    else:
        for finding in findings:
            _print(finding)
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if wrong:
        raise CommandRefused(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong: do what is said above.")


def _print(finding: Finding) -> None:
    color = {Verdict.OK: "green", Verdict.ADVICE: "yellow", Verdict.WRONG: "red"}[finding.verdict]
    typer.echo(f"{typer.style(f'{finding.verdict.value:7}', fg=color)} {finding.check:12} {finding.sentence}")
