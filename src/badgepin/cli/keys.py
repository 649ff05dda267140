"""`badgepin keys`."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from badgepin.cli.operator import run_on_installation, settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import print_rows, when
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto import key_ring_file as files
from badgepin.crypto.key_ring import KEEP, KeyRing, complete
from badgepin.crypto.key_ring_file import KeyRingRefused, change_key_ring, load_key_ring
from badgepin.crypto.key_rotation import (
    KINDS,
    KeyRefused,
    KeyState,
    Kind,
    lives,
    plan_rotation,
    remove_key,
    rotate_at_once,
    state_of,
)
from badgepin.crypto.keys_in_use import POLL
from badgepin.crypto.pin_hash import PepperMissing
from badgepin.services import pepper as services
from badgepin.settings import Settings
from badgepin.web.installation import Installation, system_clock

T = TypeVar("T")
app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="The key ring. Running nodes take a change up within seconds. Copy the file away before you change it.",
)
KindName = StrEnum("KindName", {name.replace("-", "_").upper(): name for name in KINDS})  # type: ignore[misc] # made here


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys by name, never the keys themselves: what each is for, its state, since when and until when.

    A next key is known to every node and used later; a retired one still checks and opens what it made.

    \b
    badgepin keys list
    """
    settings = settings_of(data)
    ring = _refusing(lambda: load_key_ring(settings.key_ring_path, settings.kek_path))
    print_rows(
        [
            {"kind": key.kind, "kid": key.kid, "state": key.state, "since": when(key.since), "until": when(key.until)}
            for key in lives(ring, system_clock())
        ],
        as_json=as_json,
        empty="The key ring is empty.",
    )


@app.command()
def rotate(
    kind: Annotated[KindName, typer.Argument(help="What the key is for; docs/keys.md says more.")] = KindName(
        "signing"
    ),
    minutes: Annotated[
        int | None,
        typer.Option(
            "--in", metavar="MINUTES", min=0, help="When the new key is used [default: 1440 for signing, else 60]."
        ),
    ] = None,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="The key leaked: use a new one now and refuse what the old one made.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Give a key a successor. Nobody notices a planned one; running nodes need no restart.

    Every node knows the new key at once and uses it later: copy the file to nodes that have their own before that.
    The old key is accepted until nothing that it made is alive; then it goes by itself. Peppers, row MACs and keys
    of journals, backups and the audit log stay, for they open and check what is kept, until `keys remove`.

    With --emergency tokens (kind signing) or pages and refresh tokens (challenge, seal) of the old key are refused
    within seconds on every node, and people sign in anew.

    \b
    badgepin keys rotate
    badgepin keys rotate pepper --in 5
    badgepin keys rotate signing --emergency
    """
    wanted, settings, now = KINDS[kind.value], settings_of(data), system_clock()
    if emergency and minutes is not None:
        raise CommandRefused("--in plans, and --emergency does not wait: give one of them.")
    if emergency:
        _say_emergency(wanted, _change(settings, lambda ring: rotate_at_once(ring, wanted, now)), now)
        return
    ahead = wanted.ahead if minutes is None else timedelta(minutes=minutes)
    if ahead < wanted.least:
        least = int(wanted.least.total_seconds() / 60)
        raise CommandRefused(
            f"Clients keep the published keys for ten minutes: give them {least} (--in {least}), or use --emergency."
        )
    after = _change(settings, lambda ring: plan_rotation(ring, wanted, now + ahead, now))
    kid = _newest(after, wanted)
    typer.echo(
        f"{kid} is known to every node now and used from {when(now + ahead)} on. "
        f"To take it back until then: badgepin keys remove {kid}"
    )


@app.command()
def remove(
    kid: Annotated[str, typer.Argument(metavar="KID", help="The key's name, from `keys list`.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Also a key that old backups, journals or checkpoints need.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Remove a key that is not in use: take a next one back, or drop a retired one that nothing needs any more.

    \b
    badgepin keys remove KID
    """
    settings, now = settings_of(data), system_clock()
    ring = _refusing(lambda: load_key_ring(settings.key_ring_path, settings.kek_path))
    if state_of(ring, kid, now) is KeyState.RETIRED:
        _check_unneeded(settings, ring, kid, is_sure=yes)
    _change(settings, lambda ring: remove_key(ring, kid, now))
    typer.echo(f"{kid} is no longer in the key ring.")


@app.command(name="complete")
def complete_(data: DataOption = None) -> None:
    """Add the keys that a ring of an older version lacks: those of backups and of the revocation journal.

    \b
    badgepin keys complete
    """
    settings, now = settings_of(data), system_clock()
    before = _refusing(lambda: load_key_ring(settings.key_ring_path, settings.kek_path))
    if complete(before, now) == before:
        typer.echo("The key ring lacks nothing.")
        return
    _change(settings, lambda ring: complete(ring, now))
    typer.echo("The key ring is complete. Keep a copy of it apart from the backups: they are worth nothing without it.")


@app.command(name="re-encrypt")
def re_encrypt(data: DataOption = None) -> None:
    """Move every PIN under the pepper in use. It may be interrupted and run again, while the server works.

    Keep the old pepper in the ring until no backup needs it any more.

    \b
    badgepin keys rotate pepper --emergency && badgepin keys re-encrypt
    """

    async def work(installation: Installation) -> int:
        ring, database, moved = installation.keys, installation.database, 0
        # a node that has not yet read the file could not open what is moved
        known_at = ring.peppers[0].active_at + 3 * POLL
        await asyncio.sleep(max(0.0, (known_at - installation.clock()).total_seconds()))
        total = await database.read(lambda tx: services.count_to_move(tx, ring))
        while batch := await database.write(lambda tx: services.move_batch(tx, ring)):
            moved += batch
            typer.echo(f"{moved} of {max(total, moved)}", err=True)
        return moved

    try:
        moved = run_on_installation(settings_of(data), work)
    except PepperMissing as error:
        raise CommandRefused(f"{error} Restore the key ring that holds it, then repeat.") from error
    typer.echo(f"{moved} PINs were moved under the newest pepper.")


@app.command()
def rewrap(
    new: Annotated[bool, typer.Option("--new", help="Make a new key-encryption key first.")] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Afterwards forget the older ones.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Write the key ring in clear instead.")] = False,
    data: DataOption = None,
) -> None:
    """Encrypt the key ring under the first key of the file that `key_encryption_key` names (KEK).

    No request fails: a node has its keys in memory, and the file of KEKs keeps the older ones until --drop-old. Nodes
    with files of their own get the file of KEKs first, then the ring; drop the older KEKs last.

    \b
    badgepin keys rewrap --new
    badgepin keys rewrap --drop-old
    """
    settings = settings_of(data)
    path, kek = settings.key_ring_path, settings.kek_path
    if kek is None:
        raise CommandRefused("No KEK is named: set key_encryption_key to a file, on another disk than the key ring's.")
    if off and (new or drop_old):
        raise CommandRefused("--off goes alone.")

    def work() -> str:
        if new:
            files.add_kek(kek)
        with files.changing(path):
            files.save_key_ring(load_key_ring(path, kek), path, None if off else kek)
        gone = files.drop_older_keks(kek) if drop_old else 0
        forgotten = f" {gone} older KEKs were forgotten." if drop_old else ""
        under = files.kek_of(path)
        return (f"The key ring is encrypted under {under}." if under else "The key ring is in clear.") + forgotten

    typer.echo(_writing(path, work))


def _say_emergency(kind: Kind, after: KeyRing, now: datetime) -> None:
    old = "older ones are refused" if kind.family in KEEP else "older ones still open what is kept"
    typer.echo(
        f"{_newest(after, kind)} is used from now on ({when(now)}); {old} once a node has read the file: seconds."
    )
    if kind.name == "signing":
        typer.echo("Applications that check tokens by themselves may keep the published keys for ten minutes more.")
    if kind.name == "pepper":
        typer.echo("Now: badgepin keys re-encrypt")


def _newest(ring: KeyRing, kind: Kind) -> str:
    kid: str = getattr(ring, kind.family)[0].kid
    return kid


def _check_unneeded(settings: Settings, ring: KeyRing, kid: str, *, is_sure: bool) -> None:
    if kid in {key.kid for key in (*ring.peppers, *ring.row_macs)}:
        needed = run_on_installation(settings, lambda held: held.database.read(lambda tx: services.is_needed(tx, kid)))
        if needed:
            raise CommandRefused(f"{kid} is still needed: {needed}")
    lasting = (*ring.peppers, *ring.row_macs, *ring.journals, *ring.backups, *ring.audit_keys)
    if kid in {key.kid for key in lasting} and not is_sure:
        raise CommandRefused(
            f"A backup, journal or checkpoint of its time may need {kid}: when none is left, repeat with --yes."
        )


def _change(settings: Settings, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
    path = settings.key_ring_path
    return _writing(path, lambda: change_key_ring(path, settings.kek_path, change)[1])


def _writing(path: Path, work: Callable[[], T]) -> T:
    try:
        return _refusing(work)
    except OSError as error:
        raise CommandRefused(f"Cannot write {path} ({error.strerror}): change it where it is kept.") from error


def _refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except (KeyRingRefused, KeyRefused) as error:
        raise CommandRefused(str(error)) from error
