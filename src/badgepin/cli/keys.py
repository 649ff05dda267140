"""`badgepin keys`."""

from collections.abc import Callable

import typer

from badgepin.cli.operator import run_on_installation, settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import Row, print_rows
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.key_ring import (
    KeyRing,
    KeyRingRefused,
    KeyState,
    add_pepper,
    complete,
    load_key_ring,
    rotate_signing_key,
    save_key_ring,
)
from badgepin.crypto.pin_hash import PepperMissing
from badgepin.services.pepper import move_batch
from badgepin.web.installation import Installation, system_clock

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The key ring. Copy it away before you change it.")


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys by name, never the keys themselves.

    \b
    badgepin keys list
    """
    ring = _load(data)
    rows: list[Row] = [
        {"use": "token signing", "kid": key.kid, "state": key.state.value, "since": key.since}
        for key in ring.signing_keys
    ]
    for use, keys in (
        ("pepper", ring.peppers),
        ("row MAC", ring.row_macs),
        ("challenge", ring.challenges),
        ("seal", ring.seals),
        ("journal", ring.journals),
        ("backup", ring.backups),
    ):
        rows += [
            {"use": use, "kid": key.kid, "state": "active" if key is keys[0] else "retired", "since": None}
            for key in keys
        ]
    print_rows(rows, as_json=as_json, empty="The key ring is empty.")


@app.command()
def rotate(data: DataOption = None) -> None:
    """Move the token signing keys one step on: the next key signs, the old one only verifies.

    The first time, a next key is only published; run it again after 24 hours, when every client knows that key.
    Restart the server after each step. Every 90 days is a good habit.

    \b
    badgepin keys rotate && systemctl restart badgepin
    """
    before = _load(data)
    after = _save(data, rotate_signing_key(before, system_clock()))
    if after.active_signing_key.kid == before.active_signing_key.kid:
        coming = next(key.kid for key in after.signing_keys if key.state is KeyState.NEXT)
        typer.echo(f"{coming} is published from the next restart on. Run this again after 24 hours to sign with it.")
    else:
        typer.echo(f"{after.active_signing_key.kid} signs from the next restart on.")


@app.command(name="add-pepper")
def add_pepper_(data: DataOption = None) -> None:
    """Add a pepper under which new PINs are kept. Restart the server, then run `re-encrypt` for those that exist.

    \b
    badgepin keys add-pepper && systemctl restart badgepin && badgepin keys re-encrypt
    """
    ring = _save(data, add_pepper(_load(data)))
    typer.echo(f"{ring.peppers[0].kid} keeps new PINs from the next restart on. Then: badgepin keys re-encrypt")


@app.command(name="complete")
def complete_(data: DataOption = None) -> None:
    """Add the keys that a ring of an older version lacks: those of backups and of the revocation journal.

    \b
    badgepin keys complete
    """
    before = _load(data)
    after = complete(before)
    if after == before:
        typer.echo("The key ring lacks nothing.")
        return
    _save(data, after)
    typer.echo("The key ring is complete. Keep a copy of it apart from the backups: they are worth nothing without it.")


@app.command(name="re-encrypt")
def re_encrypt(data: DataOption = None) -> None:
    """Move every PIN under the newest pepper. It may be interrupted and run again, while the server works.

    Keep the old pepper in the ring until no backup needs it any more.

    \b
    badgepin keys re-encrypt
    """

    async def work(installation: Installation) -> int:
        moved = 0
        while batch := await installation.database.write(lambda tx: move_batch(tx, installation.keys)):
            moved += batch
        return moved

    try:
        moved = run_on_installation(settings_of(data), work)
    except PepperMissing as error:
        raise CommandRefused(f"{error} Restore the key ring that holds it, then repeat.") from error
    typer.echo(f"{moved} PINs were moved under the newest pepper.")


def _load(data: str | None) -> KeyRing:
    return _refused(lambda: load_key_ring(settings_of(data).key_ring_path))


def _save(data: str | None, ring: KeyRing) -> KeyRing:
    path = settings_of(data).key_ring_path
    try:
        save_key_ring(ring, path)
    except OSError as error:
        raise CommandRefused(f"Cannot write {path} ({error.strerror}): change the ring where it is kept.") from error
    return ring


def _refused(load: Callable[[], KeyRing]) -> KeyRing:
    try:
        return load()
    except KeyRingRefused as error:
        raise CommandRefused(str(error)) from error
