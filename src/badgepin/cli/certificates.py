"""`badgepin certificates`: HTTPS for a trial, and what the certificate in use says."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from badgepin.cli.certificate_trust import how_to_trust
from badgepin.cli.operator import settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import Row, print_row, when
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.certificate import CertificateRefused, check_pair, read_certificate
from badgepin.crypto.trial_authority import (
    LOOPBACK_HOSTS,
    Authority,
    found_authority,
    issue,
    load_authority,
)
from badgepin.settings import Settings
from badgepin.web.installation import system_clock

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)

_FOLDER, _AUTHORITY, _AUTHORITY_KEY = "tls", "authority.pem", "authority.key"
_CERTIFICATE, _KEY = "server.pem", "server.key"


@app.command()
def create(
    data: DataOption = None,
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name or address of the server, repeated for more [default: base_url's]."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=397, help="How long the certificate is good.")] = 90,
    new_authority: Annotated[
        bool, typer.Option("--new-authority", help="Found another authority; devices must be told to trust it anew.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a certificate for a trial, from a private authority that devices can be told to trust.

    The authority is made the first time, and vouches for those names only, whoever gets hold of its key. Run this
    again to renew: a running server takes the new certificate within seconds.

    \b
    badgepin certificates create
    badgepin certificates create --host badges.example.com --host 192.0.2.10 --days 30
    """
    settings, now = settings_of(data), system_clock()
    hosts = _hosts(settings, host or [])
    folder = Path(settings.data) / _FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        authority = None if new_authority else _kept_authority(folder, hosts, now)
        if authority is None:
            authority = found_authority(hosts, now)
            _write(folder / _AUTHORITY_KEY, authority.key_pem)
            _write(folder / _AUTHORITY, authority.certificate_pem)
        issued = issue(authority, hosts, now, days)
        _write(folder / _KEY, issued.key_pem)
        _write(folder / _CERTIFICATE, issued.certificate_pem)
    except CertificateRefused as error:
        raise CommandRefused(str(error)) from error
    except OSError as error:
        raise CommandRefused(f"Cannot write {error.filename} ({error.strerror}): choose another --data.") from error
    row: Row = {
        "hosts": hosts,
        "certificate": str(folder / _CERTIFICATE),
        "key": str(folder / _KEY),
        "authority": str(folder / _AUTHORITY),
        "endsAt": when(read_certificate(folder / _CERTIFICATE).ends_at),
    }
    print_row(row, as_json=as_json)
    if not as_json:
        typer.echo("\n" + how_to_trust(folder / _AUTHORITY))
        typer.echo(_how_to_serve(settings, hosts[0], folder))


@app.command()
def show(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say what the server's certificate says: its names, who vouches for it, when it ends.

    \b
    badgepin certificates show
    badgepin certificates show --json | jq -r .endsAt
    """
    settings, now = settings_of(data), system_clock()
    folder = Path(settings.data) / _FOLDER
    certificate = Path(settings.tls_certificate or folder / _CERTIFICATE)
    key = Path(settings.tls_key or folder / _KEY)
    if not settings.tls_certificate and not certificate.exists():
        raise CommandRefused("There is no certificate: set tls_certificate, or run `badgepin certificates create`.")
    try:
        found = read_certificate(certificate)
        check_pair(certificate, key)
    except CertificateRefused as error:
        raise CommandRefused(str(error)) from error
    row: Row = {
        "certificate": str(certificate),
        "key": str(key),
        "hosts": list(found.names),
        "issuer": found.issuer,
        "beginsAt": when(found.begins_at),
        "endsAt": when(found.ends_at),
        "daysLeft": (found.ends_at - now).days,
        "sha256": found.fingerprint,
    }
    print_row(row, as_json=as_json)


def _hosts(settings: Settings, chosen: list[str]) -> list[str]:
    """The names of the certificate; those of this machine to itself are always among them."""
    configured = urlsplit(settings.base_url).hostname or ""
    named = chosen or [configured]
    # a name that only this machine understands comes last
    known = [name.strip("[]").lower() for name in named if name.lower() not in LOOPBACK_HOSTS]
    return list(dict.fromkeys((*known, *LOOPBACK_HOSTS)))


def _kept_authority(folder: Path, hosts: list[str], now: datetime) -> Authority | None:
    """The authority made before; none when there is none, or when its own end has come."""
    if not (folder / _AUTHORITY).exists() or not (folder / _AUTHORITY_KEY).exists():
        return None
    authority = load_authority((folder / _AUTHORITY).read_bytes(), (folder / _AUTHORITY_KEY).read_bytes())
    if authority.certificate.not_valid_after_utc <= now:
        return None
    strangers = authority.refuses(hosts)
    if strangers:
        raise CertificateRefused(
            f"The authority made before cannot vouch for {', '.join(strangers)}: "
            "add --new-authority, and have devices trust the new one."
        )
    return authority


def _write(path: Path, content: bytes) -> None:
    """Replace a file at one stroke; only its owner reads it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _how_to_serve(settings: Settings, host: str, folder: Path) -> str:
    name = f"[{host}]" if ":" in host else host
    data = f" --data {settings.data}" if settings.data != Settings().data else ""
    lines = [
        f'base_url = "https://{name}:{settings.port}"',
        f'tls_certificate = "{folder.absolute() / _CERTIFICATE}"',
        f'tls_key = "{folder.absolute() / _KEY}"',
    ]
    loopback = host in LOOPBACK_HOSTS
    where = "" if loopback else " --host 0.0.0.0"
    return (
        f"Next, in {Path(settings.data) / 'badgepin.toml'}, in place of what is there:\n  "
        + "\n  ".join(lines)
        + f"\nThen:  badgepin serve{data}{where}"
    )
