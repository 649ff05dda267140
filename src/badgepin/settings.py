"""Everything an operator can set, read once at start from a TOML file and the environment."""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from badgepin.domain.colour import READABLE, contrast_with_white


class SettingsRefused(Exception):
    """A setting is unknown or out of range; the sentence names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen for the life of the process. `BADGEPIN_NAME` in the environment wins over `name` in `badgepin.toml`."""

    data: str = "badgepin-data"
    """The folder of this installation: settings file, key ring and, by default, the database."""

    base_url: str = "http://127.0.0.1:8080"
    """The address clients use, without a path. Issuers and links are built from it, never from a Host header."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: int = 8080
    """The port to listen on."""

    tls_certificate: str = ""
    """A PEM file with the server's certificate chain, to speak HTTPS. Empty: plain HTTP, behind a TLS proxy."""

    tls_key: str = ""
    """The PEM file with the certificate's private key."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies in front, such as `10.0.0.5` or `10.1.0.0/16`.

    Only their `X-Forwarded-For` says where a request came from."""

    database_url: str = ""
    """`postgresql://user@host/name`, or empty for the SQLite file `badgepin.db` in the data folder.

    Several servers, as `host1:5432,host2:5432`: connections go to the one that takes writes."""

    database_pool_size: int = 16
    """Connections to PostgreSQL: as many as requests that should run at the same time on this node."""

    high_availability: bool = False
    """Whether a synchronous standby of PostgreSQL must have what was acknowledged.

    A node then refuses to start on settings with which a failover loses writes."""

    sqlite_journal: Literal["auto", "truncate", "wal"] = "auto"
    """`auto` chooses the journal mode that is safe for the SQLite found; `truncate` forces the rollback journal."""

    key_ring: str = ""
    """The key ring file (mode 0400).

    Empty: the systemd credential `badgepin-keyring`, else `keyring.json` in the data folder."""

    key_encryption_key: str = ""
    """The file (mode 0400) with the key that the key ring is encrypted under; `badgepin keys rewrap --new` makes it.

    Empty: the systemd credential `badgepin-kek`, else the key ring is in clear."""

    revocation_journal: str = ""
    """The file in which this node writes down every revocation before it happens, so that no restored backup undoes it.

    Empty: `revocations.journal` in the data folder. Another disk than the database's is better."""

    backup_directory: str = ""
    """The folder for scheduled backups; empty: none are made. Of several nodes one makes each."""

    backup_every_hours: int = 1
    """Hours between scheduled backups (1 to 168): as much as that can be lost with the database."""

    backup_keep: int = 48
    """How many backups stay in `backup_directory` (2 to 10000); the oldest go."""

    backup_before_upgrade: bool = True
    """Whether `badgepin db upgrade` makes a backup before it migrates, in `backup_directory` or else the data folder.

    It stays until somebody removes it. On PostgreSQL it needs `pg_dump`; without it a line says that there is none."""

    strict: bool = False
    """Behave as the Graph documentation says: refuse the lenient inputs that real clients send."""

    badge_payload: Literal["auto", "bp1", "ms-qrpin"] = "auto"
    """The text inside a badge's QR symbol. `auto` is `bp1`, or `ms-qrpin` when `strict` is on.

    `ms-qrpin` prints the person's UPN."""

    patch_create_status: Literal["auto", "201", "200"] = "auto"
    """The status of a PATCH that creates a code or resets a PIN; `auto`: 200 to the Go SDK, which refuses 201."""

    standard_max_days: int = 395
    """The longest life of a standard code, in days (1 to 395; more is possible and leaves Microsoft's limit)."""

    replacement_overlap: bool = True
    """Whether a replaced badge works until the new one is first used. Off: it ends when the new one is issued."""

    temporary_pin_days: int = 7
    """Days after which an issued PIN that was never changed dies (1 to 30)."""

    dual_control: Literal["alert", "block"] = "alert"
    """What follows when one person both sets a PIN and issues a code for somebody. `alert`: an audit event of its own.

    `block`: people are refused the second of the two; applications still only alert."""

    dual_control_hours: int = 24
    """Hours for which it is remembered who gave a PIN or a code (1 to 168, within `audit_retention_days`)."""

    lockout_step: int = 5
    """Consecutive failures before a wait (1 to 10)."""

    lockout_waits: tuple[int, int, int, int] = (60, 300, 900, 3600)
    """Seconds to wait after the first, second, third and every later step (30 to 3600 each)."""

    lockout_badge_day: int = 10
    """Failures of one code in any 24 hours (`lockout_step` to 50)."""

    lockout_pin_day: int = 20
    """Failures of one PIN in any 24 hours (`lockout_badge_day` + 1 to 100)."""

    lockout_pin_life: int = 50
    """Failures since the PIN was set, after which the PIN and its codes are disabled (10 to 100)."""

    delete_code_ends_sessions: bool = True
    """Whether deleting a code ends the sessions it opened. Off: they run to their own limit, never past the code's."""

    session_idle_minutes: int = 15
    """Minutes without use after which somebody who signed in is signed out (1 to 60)."""

    session_hours: int = 12
    """Hours after which a session ends in any case (1 to 24); it never outlives the code that opened it."""

    desk_idle_minutes: int = 30
    """Minutes without use after which a manager or administrator is signed out of the desk (1 to 60)."""

    desk_session_hours: int = 12
    """Hours after which a session at the desk ends in any case (1 to 24)."""

    sign_ins_per_second: int = 10
    """Sign-ins a second that one network (a /24 or /56) may begin; it protects the server, never a PIN (1 to 10000)."""

    device_flow: bool = False
    """Whether devices without a browser may be signed in from another one. Off: it is an invitation to phishers."""

    brand_name: str = ""
    """The name on the sign-in page; empty: the tenant's."""

    brand_logo: str = ""
    """An SVG or PNG file shown on the sign-in page."""

    brand_colour: str = "#1a5fb4"
    """The colour of buttons on the sign-in page, as `#rrggbb`; refused when white text on it is hard to read."""

    print_fonts: tuple[str, ...] = ()
    """Font files (TrueType or OpenType) for names in scripts that the shipped fonts lack, such as Chinese.

    Debian's Noto Sans CJK and Droid Sans Fallback are found by themselves."""

    backchannel_private_hosts: tuple[str, ...] = ()
    """Hosts in private networks that may be told about a sign-out, as `name` or `name:port`."""

    hash_workers: int = 2
    """How many PIN hashes may run at the same time: the number of cores is right."""

    hash_memory_kib: int = 32768
    """Memory of one PIN hash in KiB (Argon2id, 2 passes), at least 19456.

    `badgepin doctor --calibrate` measures the right one."""

    body_limit: int = 1_048_576
    """The largest request body in bytes; larger ones are answered 413."""

    managed_identity_secret: str = ""
    """What clients send as `X-IDENTITY-HEADER` to the managed-identity endpoint; empty switches the endpoint off."""

    managed_identity_client_id: str = ""
    """The application whose tokens the managed-identity endpoint hands out."""

    managed_identity_tenant_id: str = ""
    """The tenant of that application."""

    audit_anchors: tuple[str, ...] = ()
    """Where the audit log's signed checkpoints go besides the data folder: `file:/path`, `syslog://host:port` (UDP).

    On another host they prove that the log was not cut and written anew."""

    audit_retention_days: int = 0
    """Days after which audit events are deleted (0 to 3650). 0: never."""

    drain_seconds: int = 0
    """Seconds between SIGTERM and the end, in which `/readyz` says 503 and requests are still answered (0 to 300).

    Behind a load balancer: longer than it takes to notice. Ctrl-C, or a second SIGTERM, does not wait."""

    metrics_listen: str = ""
    """Where Prometheus finds this node's metrics, as `127.0.0.1:9464`: a listener of its own, plain HTTP, `/metrics`.

    Empty: nowhere. Whoever reaches it reads counts, never a name or an id."""

    traces_endpoint: str = ""
    """Where traces go, as `https://collector.example.com/v1/traces` (OTLP over HTTP). Empty: nowhere.

    Needs the extra `badgepin[traces]`."""

    log_format: Literal["text", "json"] = "text"
    """How the server's log is written to standard error: lines for people, or one JSON object a line."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much the server's log says."""

    @property
    def payload(self) -> Literal["bp1", "ms-qrpin"]:
        """The badge text to print, with `auto` resolved."""
        if self.badge_payload == "auto":
            return "ms-qrpin" if self.strict else "bp1"
        return self.badge_payload

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{Path(self.data).absolute() / 'badgepin.db'}"

    @property
    def journal_path(self) -> Path:
        """Where this node writes down revocations."""
        return Path(self.revocation_journal) if self.revocation_journal else Path(self.data) / "revocations.journal"

    @property
    def journal_identity_path(self) -> Path:
        """Where this node remembers whose journal that is."""
        return Path(self.data) / "revocations.node"

    @property
    def key_ring_path(self) -> Path:
        """Where the key ring lies."""
        if self.key_ring:
            return Path(self.key_ring)
        return _credential("badgepin-keyring") or Path(self.data) / "keyring.json"

    @property
    def kek_path(self) -> Path | None:
        """Where the key lies that the key ring is encrypted under; None: it is in clear."""
        return Path(self.key_encryption_key) if self.key_encryption_key else _credential("badgepin-kek")


def _credential(name: str) -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    found = Path(folder) / name if folder else None
    return found if found and found.exists() else None


_RANGES: dict[str, tuple[int, int]] = {
    "port": (0, 65535),
    "database_pool_size": (1, 500),
    "standard_max_days": (1, 1830),
    "temporary_pin_days": (1, 30),
    "dual_control_hours": (1, 168),
    "lockout_step": (1, 10),
    "lockout_pin_life": (10, 100),
    "session_idle_minutes": (1, 60),
    "session_hours": (1, 24),
    "desk_idle_minutes": (1, 60),
    "desk_session_hours": (1, 24),
    "sign_ins_per_second": (1, 10_000),
    "hash_workers": (1, 64),
    "hash_memory_kib": (19456, 1_048_576),
    "body_limit": (16_384, 16_777_216),
    "audit_retention_days": (0, 3650),
    "drain_seconds": (0, 300),
    "backup_every_hours": (1, 168),
    "backup_keep": (2, 10_000),
}
_WAIT = (30, 3600)
_PORTS = 65_536
_LISTS = ("lockout_waits", "backchannel_private_hosts", "trusted_proxies", "audit_anchors", "print_fonts")


def read_settings(data: str | None = None, *, environment: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from defaults, then `badgepin.toml` in the data folder, then `BADGEPIN_*`, then the given overrides.

    Raises `SettingsRefused` with a sentence that names the setting.
    """
    folder = data or environment.get("BADGEPIN_DATA") or Settings().data
    values: dict[str, object] = {}
    file = Path(folder) / "badgepin.toml"
    if file.exists():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsRefused(f"{file} cannot be read: {error}") from error
    names = set(Settings.__struct_fields__)
    values.update({name: environment[key] for name in names if (key := f"BADGEPIN_{name.upper()}") in environment})
    values.update({name: value for name, value in overrides.items() if value is not None})
    values["data"] = folder
    for name in _LISTS:
        if isinstance(text := values.get(name), str):
            values[name] = text.replace(",", " ").split()
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsRefused(f"A setting is wrong: {error}. `docs/settings.md` lists them.") from error
    _check_ranges(settings)
    return settings


def _check_ranges(settings: Settings) -> None:
    ranges = {
        **_RANGES,
        "lockout_badge_day": (settings.lockout_step, 50),
        "lockout_pin_day": (settings.lockout_badge_day + 1, 100),
    }
    for name, (least, most) in ranges.items():
        if not least <= getattr(settings, name) <= most:
            raise SettingsRefused(f"{name} must be {least} to {most}, not {getattr(settings, name)}.")
    _check_memory(settings)
    _check_shapes(settings)
    _check_places(settings)


def _check_shapes(settings: Settings) -> None:
    if any(not _WAIT[0] <= wait <= _WAIT[1] for wait in settings.lockout_waits):
        raise SettingsRefused(f"Each of lockout_waits must be {_WAIT[0]} to {_WAIT[1]} seconds.")
    contrast = contrast_with_white(settings.brand_colour)
    if contrast is None or contrast < READABLE:
        raise SettingsRefused("brand_colour must be `#rrggbb` and dark enough for white text (a contrast of 4.5).")
    if settings.brand_logo and not settings.brand_logo.lower().endswith((".svg", ".png")):
        raise SettingsRefused("brand_logo must be an SVG or PNG file.")
    if not settings.database.startswith(("sqlite:///", "postgresql://")):
        raise SettingsRefused("database_url must start with postgresql:// or sqlite:///.")
    if not settings.base_url.startswith(("http://", "https://")) or settings.base_url.endswith("/"):
        raise SettingsRefused("base_url must start with http:// or https:// and must not end with a slash.")


def _check_places(settings: Settings) -> None:
    if settings.metrics_listen:
        host_and_port(settings.metrics_listen)
    if settings.traces_endpoint and not settings.traces_endpoint.startswith(("http://", "https://")):
        raise SettingsRefused("traces_endpoint must start with http:// or https://.")
    for proxy in settings.trusted_proxies:
        _check_proxy(proxy)
    for anchor in settings.audit_anchors:
        _check_anchor(anchor)


def host_and_port(listen: str) -> tuple[str, int]:
    """The two halves of `metrics_listen`. Raises `SettingsRefused`."""
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < _PORTS):
        raise SettingsRefused(f"metrics_listen: {listen} is not `host:port`, such as 127.0.0.1:9464.")
    return host.strip("[]"), int(port)


def _check_memory(settings: Settings) -> None:
    if settings.audit_retention_days and settings.dual_control_hours > 24 * settings.audit_retention_days:
        raise SettingsRefused("dual_control_hours must not go beyond audit_retention_days: the audit log remembers.")


def _check_proxy(proxy: str) -> None:
    try:
        network = ip_network(proxy, strict=False)
    except ValueError as error:
        raise SettingsRefused(f"trusted_proxies: {proxy} is neither an address nor a network.") from error
    if network.prefixlen == 0:
        raise SettingsRefused(f"trusted_proxies: {proxy} is everybody, and then anybody may write any address.")


def _check_anchor(anchor: str) -> None:
    if anchor.startswith("file:/"):
        return
    parts = urlsplit(anchor)
    try:
        is_right = parts.scheme == "syslog" and bool(parts.hostname and parts.port) and not (parts.path or parts.query)
    except ValueError:
        is_right = False
    if not is_right:
        raise SettingsRefused(f"audit_anchors: {anchor} is neither `file:/path` nor `syslog://host:port`.")
