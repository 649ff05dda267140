"""`badgepin codes revoke-many`: look first, then say yes, then every badge of a store, a group or a time is dead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import typer

from badgepin.cli.issuing_many import Chosen, choose
from badgepin.cli.operator import Operator
from badgepin.cli.output import Row, print_rows, when
from badgepin.cli.progress import progress
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.desk_person import DeskPerson, HeldCode
from badgepin.domain.errors import NotFound
from badgepin.domain.qr_code import CodeKind
from badgepin.services import batch
from badgepin.services import qr_code_pin as codes

_SHOWN = 20


@dataclass(frozen=True)
class Doomed:
    """A code that is to be revoked, and whose it is."""

    person: DeskPerson
    kind: CodeKind
    code: HeldCode


def read_date(text: str | None) -> datetime | None:
    """A day, as the moment it begins in UTC. Raises `CommandRefused`."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise CommandRefused(f"'{text}' is no day: write it as 2026-12-31.") from None


async def revoke_many(
    operator: Operator, chosen: Chosen, kinds: Sequence[CodeKind], before: datetime | None, *, dry_run: bool, yes: bool
) -> None:
    """Show which codes would end, ask, and end them one by one; whoever was faster is no problem."""
    rules = operator.installation.lockout_rules
    planned = await operator.read(lambda tx, call: batch.plan(tx, call, choose(tx, call, chosen), rules))
    doomed = [each for one in planned if one.person for each in _codes(one.person, kinds, before)]
    typer.echo(f"{len(doomed)} codes of {len({each.person.id for each in doomed})} people would be revoked.")
    rows: list[Row] = [
        {"user": each.person.user_principal_name, "kind": each.kind.value, "expireDateTime": when(each.code.expire_at)}
        for each in doomed[:_SHOWN]
    ]
    print_rows(rows, as_json=False, empty="")
    if dry_run or not doomed:
        return
    if not yes and not typer.confirm(f"Revoke these {len(doomed)} codes? This cannot be undone."):
        raise CommandRefused("Nothing was revoked.")
    revoked = 0
    with progress("Revoking", len(doomed)) as shown:
        for each in doomed:
            revoked += await _revoke(operator, each)
            shown.advance(1)
    await operator.write(lambda tx, call: batch.record_revocation(tx, call, len(doomed), revoked))
    typer.echo(f"{revoked} codes are revoked.")


async def _revoke(operator: Operator, each: Doomed) -> bool:
    try:
        await operator.write(lambda tx, call: codes.delete_qr_code(tx, call, each.person.id, each.kind, each.code.id))
    except NotFound:
        return False
    return True


def _codes(person: DeskPerson, kinds: Sequence[CodeKind], before: datetime | None) -> list[Doomed]:
    held = (
        (CodeKind.STANDARD, person.standard_qr_code),
        (CodeKind.STANDARD, person.replacement_qr_code),
        (CodeKind.TEMPORARY, person.temporary_qr_code),
    )
    return [
        Doomed(person, kind, code)
        for kind, code in held
        if kind in kinds and code is not None and (before is None or code.created_at < before)
    ]
