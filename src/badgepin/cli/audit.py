"""`badgepin audit`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from badgepin.cli.audit_export import export
from badgepin.cli.audit_verification import AnchorFile, Report, Trust, Verification, tenants_of
from badgepin.cli.operator import Operator, run_as_operator, run_on_installation, settings_of
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_json, print_rows, when
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.key_ring_file import KeyRingRefused, load_key_ring
from badgepin.services.tenant import find_tenant, list_tenants
from badgepin.store import audit_checkpoint
from badgepin.web.audit_anchors import FILE
from badgepin.web.installation import Installation, system_clock

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The audit log, and proof that nobody changed it.")

app.command()(export)


@app.command()
def verify(
    anchors: Annotated[
        list[Path] | None,
        typer.Option("--anchors", metavar="FILE", help="Checkpoints kept on another host; may be given several times."),
    ] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify that no event was changed, removed, added or moved. Exit code 1 when one was; the line says which.

    The log is compared with its chain, with the signed checkpoints in the database and in the data folder, and with
    those in the files given. Only checkpoints from another host show what somebody with this host's files changed.

    \b
    badgepin audit verify
    badgepin audit verify --anchors /mnt/loghost/badgepin-anchors.log
    """
    settings = settings_of(data)
    files = [AnchorFile(path, is_shared=True) for path in anchors or []]
    local = Path(settings.data) / FILE
    if local.exists():
        files.append(AnchorFile(local, is_shared=False))

    async def work(installation: Installation) -> list[tuple[str, Report]]:
        trust = Trust(CheckpointKey(installation.keys), installation.clock(), files)
        named = await _tenants(installation, tenant, trust)
        reports = []
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            for tenant_id, domain in named:
                verification = Verification(installation.database.read, trust, tenant_id)
                reports.append((domain, await verification.run(_bar(progress, domain))))
        return reports

    try:
        reports = run_on_installation(settings, work)
    except OSError as error:
        raise CommandRefused(
            f"{error.filename} cannot be read ({error.strerror}): give files of checkpoints."
        ) from error
    _tell(reports, files, as_json=as_json)


@app.command()
def checkpoints(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the signed checkpoints that the database keeps, the newest first. JSON has the checkpoints themselves.

    \b
    badgepin audit checkpoints --limit 5
    badgepin audit checkpoints --limit 1 --json
    """

    async def work(operator: Operator) -> list[Row]:
        key, tenant_id = CheckpointKey(operator.installation.keys), operator.tenant.id
        kept = await operator.read(lambda tx, _: audit_checkpoint.list_newest(tx, tenant_id, limit=limit))
        return [_row(each, key, with_token=as_json) for each in kept]

    empty = "There is no checkpoint yet: a running server signs one within a minute of the first event."
    print_rows(run_as_operator(data, tenant, work), as_json=as_json, empty=empty)


@app.command()
def key(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print the public key that signs checkpoints now, as PEM or as a JWK. Keep it where checkpoints go, each of them.

    \b
    badgepin audit key > audit-key.pem
    badgepin audit key --json
    """
    settings = settings_of(data)
    try:
        found = CheckpointKey(load_key_ring(settings.key_ring_path, settings.kek_path).at(system_clock()))
    except KeyRingRefused as error:
        raise CommandRefused(str(error)) from error
    if as_json:
        print_json(found.public_jwk())
    else:
        typer.echo(found.public_pem(), nl=False)


def _bar(progress: Progress, domain: str) -> Callable[[int, int], None]:
    task = progress.add_task(domain, total=None)
    return lambda done, every: progress.update(task, completed=done, total=every)


async def _tenants(installation: Installation, wanted: str | None, trust: Trust) -> list[tuple[str, str]]:
    if wanted is not None:
        found = await installation.database.read(lambda tx: find_tenant(tx, wanted))
        if found is None:
            raise CommandRefused(f"There is no tenant '{wanted}': `badgepin tenants list` shows them.")
        return [(found.id, found.default_domain)]
    known = {each.id: each.default_domain for each in await installation.database.read(list_tenants)}
    # a checkpoint of a tenant that is gone says that its log is gone
    ours = tenants_of(trust.files, trust.key)
    return [*known.items(), *((each, each) for each in sorted(ours - known.keys()))]


def _tell(reports: list[tuple[str, Report]], files: Sequence[AnchorFile], *, as_json: bool) -> None:
    if as_json:
        print_json([_json(domain, report) for domain, report in reports])
    wrong = [f"{domain}: {each.verdict.value}. {each.finding.sentence}" for domain, each in reports if each.finding]
    if wrong:
        raise CommandRefused(" ".join(wrong))
    if any(file.is_shared for file in files) and not any(report.anchored_elsewhere for _, report in reports):
        raise CommandRefused(
            "The files given hold no checkpoint of this installation: give those that it wrote or sent."
        )
    if not as_json:
        for domain, report in reports:
            typer.echo(f"{domain}: the chain holds. {_summary(report)}")


def _summary(report: Report) -> str:
    facts = {
        "events": report.events,
        "purged": report.purged,
        "erased": report.erased,
        "waiting": report.waiting,
        "newest": when(report.newest_at),
        "signed up to": report.signed_seq,
        "checkpoints": report.checkpoints,
        "outside the database": report.anchored,
    }
    said = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    if report.anchored:
        return f"{said}."
    return f"{said}. Without checkpoints from outside the database a cut of its end does not show: give --anchors."


def _json(domain: str, report: Report) -> dict[str, object]:
    finding = report.finding
    return {
        "tenantId": report.tenant_id,
        "domain": domain,
        "verdict": report.verdict.value,
        "sentence": finding.sentence if finding else None,
        "sequence": finding.seq if finding else None,
        "eventId": finding.event_id if finding else None,
        "eventDateTime": when(finding.at) if finding else None,
        "events": report.events,
        "newestEventDateTime": when(report.newest_at),
        "purged": report.purged,
        "erased": report.erased,
        "waiting": report.waiting,
        "checkpoints": report.checkpoints,
        "checkpointsOutsideTheDatabase": report.anchored,
        "signedSequence": report.signed_seq,
    }


def _row(kept: audit_checkpoint.KeptCheckpoint, key: CheckpointKey, *, with_token: bool) -> Row:
    read = key.read(kept.token)
    row: Row = {
        "number": kept.number,
        "sequence": kept.seq,
        "createdDateTime": when(kept.created_at),
        "events": read.count if read else None,
        "purgedThrough": read.purged_through if read else None,
        "isSignedByUs": read is not None and kept.says(read),
    }
    return {**row, "token": kept.token} if with_token else row
