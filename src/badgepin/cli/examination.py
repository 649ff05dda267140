"""What `badgepin doctor` looks at: each check is one function that answers with one finding."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from badgepin.cli.certificate_trial import try_certificate
from badgepin.crypto.certificate import CertificateRefused, read_certificate
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.key_ring_file import KeyRingRefused, load_key_ring
from badgepin.crypto.pin_hash import calibrate
from badgepin.domain.finding import Finding, Verdict
from badgepin.opening import DEMO_MARKER, LOOPBACK
from badgepin.services import backup
from badgepin.services.health import check_clock, check_keys, check_schema, too_new, unsafe_setting
from badgepin.services.system_health import LEAST_FREE, SIGNING_KEY_LIFE
from badgepin.settings import Settings
from badgepin.store import migrate
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import Database, SQLiteDatabase, StoreUnavailable, Transaction, open_database
from badgepin.web.installation import system_clock

_LATE_BACKUPS, _DRILL_EVERY = 3, 31
_FILE = "sqlite:///"


def examine(settings: Settings, *, calibrated: bool) -> list[Finding]:
    """Every finding on an installation, the good ones too."""
    ring = _ring(settings)
    findings = [_folder(settings), _settings_file(settings), ring if isinstance(ring, Finding) else _ring_found(ring)]
    if not isinstance(ring, Finding):
        findings.append(_signing_key(ring, system_clock()))
    findings += _database(settings, None if isinstance(ring, Finding) else ring)
    findings += [_address(settings), *_certificate(settings, system_clock()), _disk(settings), _journal(settings)]
    if calibrated:
        findings.append(_hash_cost(settings))
    return findings


def _folder(settings: Settings) -> Finding:
    folder = Path(settings.data)
    if folder.stat().st_mode & 0o077:
        return Finding("folder", Verdict.WRONG, f"{folder} is open to others: run `chmod 0700 {folder}`.")
    if (folder / DEMO_MARKER).exists():
        return Finding("folder", Verdict.ADVICE, f"{folder} is a demo with known tokens: do not put real people in it.")
    return Finding("folder", Verdict.OK, f"{folder} is closed to others.")


def _settings_file(settings: Settings) -> Finding:
    file = Path(settings.data) / "badgepin.toml"
    if not file.exists():
        return Finding("settings", Verdict.OK, "There is no settings file; the defaults and the environment count.")
    if file.stat().st_mode & 0o007:
        return Finding("settings", Verdict.WRONG, f"{file} can be read by everybody: run `chmod 0600 {file}`.")
    return Finding("settings", Verdict.OK, f"{file} is read and makes sense.")


def _ring(settings: Settings) -> KeyRing | Finding:
    try:
        return load_key_ring(settings.key_ring_path, settings.kek_path).at(system_clock())
    except KeyRingRefused as error:
        return Finding("key ring", Verdict.WRONG, str(error))


def _ring_found(ring: KeyRing) -> Finding:
    return Finding("key ring", Verdict.OK, f"It is whole; PINs are kept under {ring.peppers[0].kid}.")


def _signing_key(ring: KeyRing, now: datetime) -> Finding:
    age = now - ring.active_signing_key.active_at
    if age > SIGNING_KEY_LIFE:
        return Finding("signing key", Verdict.ADVICE, f"It is {age.days} days old: run `badgepin keys rotate`.")
    return Finding("signing key", Verdict.OK, f"It is {age.days} days old.")


def _journal(settings: Settings) -> Finding:
    file, identity = settings.journal_path, settings.journal_identity_path
    if file.exists():
        if os.access(file, os.W_OK):
            return Finding("journal", Verdict.OK, f"Revocations are written down in {file}.")
        return Finding("journal", Verdict.WRONG, f"{file} cannot be written: without it nothing can be revoked.")
    if identity.exists():
        sentence = f"{file} is gone: mount its volume or put a copy back; lost for good: remove {identity}."
        return Finding("journal", Verdict.WRONG, sentence)
    return Finding("journal", Verdict.OK, f"{file} is begun by the first start or revocation.")


def _database(settings: Settings, ring: KeyRing | None) -> Iterator[Finding]:
    url = settings.database
    if url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).exists():
        yield Finding("database", Verdict.WRONG, f"{url.removeprefix(_FILE)} is missing: restore it from a backup.")
        return
    try:
        yield _schema(migrate.inspect(url))
        yield from asyncio.run(_contents(settings, ring))
    except SQLiteRefused as error:
        yield Finding("database", Verdict.WRONG, str(error))
    except StoreUnavailable as error:
        cause = " ".join(str(error.__cause__).split())
        yield Finding("database", Verdict.WRONG, f"It does not answer ({cause}): start it, or correct database_url.")


def _schema(state: migrate.SchemaState) -> Finding:
    if state.is_newer:
        sentence = f"It is {state.current}, of a newer version; this one can serve it until it is upgraded too."
        return Finding("schema", Verdict.ADVICE, sentence)
    if state.current is not None and not migrate.knows(state.current):
        return Finding("schema", Verdict.WRONG, too_new(state.current))
    if state.current != state.newest:
        found = state.current or "nothing"
        return Finding("schema", Verdict.WRONG, f"It is {found}, not {state.newest}: run `badgepin db upgrade`.")
    if state.drift:
        return Finding("schema", Verdict.WRONG, "Tables were changed by hand: `badgepin db check` names them.")
    return Finding("schema", Verdict.OK, f"It is {state.newest}, as this version needs it.")


async def _contents(settings: Settings, ring: KeyRing | None) -> list[Finding]:
    database = open_database(settings.database, pool_size=1, sqlite_journal=settings.sqlite_journal)
    try:
        if await database.read(check_schema) is not None:
            return []
        now = system_clock()
        wrong = {
            "clock": await database.read(lambda tx: check_clock(tx, now)),
            "durability": await database.read(
                lambda tx: unsafe_setting(tx, high_availability=settings.high_availability)
            ),
        }
        if ring is not None:
            wrong["keys"] = await database.read(lambda tx: check_keys(tx, ring, thorough=True))
        upkeep = [
            await database.read(lambda tx: _backups(tx, settings, now)),
            await database.read(lambda tx: _drill(tx, now)),
        ]
    finally:
        await database.close()
    good = {
        "clock": "It agrees with the database.",
        "durability": _durability(database),
        "keys": "The key ring opens everything that is kept.",
    }
    return [
        Finding(check, Verdict.OK, good[check]) if found is None else Finding(check, Verdict.WRONG, found)
        for check, found in wrong.items()
    ] + upkeep


def _backups(tx: Transaction, settings: Settings, now: datetime) -> Finding:
    chore = backup.find_chore(tx, backup.BACKUP)
    done_at = chore.done_at if chore else None
    if done_at is None:
        return Finding("backup", Verdict.ADVICE, "None was ever made: set backup_directory, or run `badgepin backup`.")
    when = f"{done_at:%Y-%m-%d %H:%M} UTC"
    late = _LATE_BACKUPS * timedelta(hours=settings.backup_every_hours)
    if settings.backup_directory and now - done_at > late:
        return Finding("backup", Verdict.WRONG, f"The last one is of {when} ({chore.outcome if chore else ''}).")
    if not settings.backup_directory:
        return Finding(
            "backup", Verdict.ADVICE, f"The last one is of {when}, and none are scheduled: set backup_directory."
        )
    return Finding("backup", Verdict.OK, f"The last one is of {when}.")


def _drill(tx: Transaction, now: datetime) -> Finding:
    chore = backup.find_chore(tx, backup.DRILL)
    if chore is None or chore.done_at is None:
        return Finding("restore", Verdict.ADVICE, "None was ever tried: run `badgepin restore --from FILE --verify`.")
    days = (now - chore.done_at).days
    if days > _DRILL_EVERY:
        return Finding("restore", Verdict.ADVICE, f"It was last tried {days} days ago: `badgepin restore --verify`.")
    return Finding("restore", Verdict.OK, f"{chore.outcome} was tried {days} days ago and can be restored.")


def _durability(database: Database) -> str:
    if isinstance(database, SQLiteDatabase):
        mode = database.mode
        return f"SQLite {mode.version}, journal_mode={mode.journal}, synchronous={mode.synchronous}: {mode.reason}."
    return "PostgreSQL with fsync, full_page_writes and synchronous_commit on."


def _address(settings: Settings) -> Finding:
    if settings.base_url.startswith("http://") and settings.host not in LOOPBACK:
        return Finding(
            "address", Verdict.WRONG, f"{settings.base_url} is not encrypted: put a TLS proxy in front, set base_url."
        )
    if settings.base_url.startswith("https://") and not settings.tls_certificate and not settings.trusted_proxies:
        return Finding(
            "address", Verdict.ADVICE, "All clients count as one, the TLS proxy: put its address into trusted_proxies."
        )
    return Finding("address", Verdict.OK, f"Clients use {settings.base_url}.")


def _certificate(settings: Settings, now: datetime) -> Iterator[Finding]:
    if not settings.tls_certificate:
        return
    file, key, host = Path(settings.tls_certificate), Path(settings.tls_key), urlsplit(settings.base_url).hostname or ""
    try:
        found = read_certificate(file)
        try_certificate(file, key)
    except CertificateRefused as error:
        yield Finding("certificate", Verdict.WRONG, f"{error} Correct tls_certificate and tls_key.")
        return
    if key.stat().st_mode & 0o077:
        yield Finding("certificate", Verdict.WRONG, f"{key} is open to others: run `chmod 0600 {key}`.")
    elif now >= found.ends_at:
        yield Finding("certificate", Verdict.WRONG, f"It ended on {found.ends_at:%Y-%m-%d}: renew {file}.")
    elif now < found.begins_at:
        yield Finding("certificate", Verdict.WRONG, f"It begins on {found.begins_at:%Y-%m-%d}: set this host's clock.")
    elif not found.covers(host):
        yield Finding("certificate", Verdict.WRONG, f"It names {', '.join(found.names)}, not base_url's {host}.")
    elif found.ends_soon(now):
        days = (found.ends_at - now).days
        yield Finding(
            "certificate", Verdict.ADVICE, f"It ends on {found.ends_at:%Y-%m-%d}, in {days} days: renew {file}."
        )
    else:
        yield Finding("certificate", Verdict.OK, f"It names {host} and ends on {found.ends_at:%Y-%m-%d}.")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    if free < LEAST_FREE:
        return Finding("disk", Verdict.WRONG, f"Only {free // 2**20} MiB are free: make room before sign-ins stop.")
    return Finding("disk", Verdict.OK, f"{free // 2**30} GiB are free.")


def _hash_cost(settings: Settings) -> Finding:
    best = calibrate().memory_kib
    if best < settings.hash_memory_kib:
        return Finding(
            "PIN hash",
            Verdict.ADVICE,
            f"{settings.hash_memory_kib} KiB is too slow for 20 sign-ins a second: set hash_memory_kib={best}.",
        )
    if best > settings.hash_memory_kib:
        return Finding("PIN hash", Verdict.ADVICE, f"This host can afford more: set hash_memory_kib={best}.")
    return Finding("PIN hash", Verdict.OK, f"{best} KiB is what this host can afford.")
