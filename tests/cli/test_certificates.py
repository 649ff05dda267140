"""`badgepin certificates` and what the doctor says about a certificate."""

import hashlib
import json
import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from badgepin.crypto.trial_authority import LOOPBACK_HOSTS, Authority, found_authority, issue, load_authority
from tests.cli.installation import badgepin, is_one_line

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOSTS = ("badges.example", "192.0.2.10", *LOOPBACK_HOSTS)


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _write(folder: Path, authority: Authority, hosts: tuple[str, ...], days: int, now: datetime = NOW) -> None:
    """A certificate as `create` leaves it, made at another time or by a thief of the authority's key."""
    issued = issue(authority, hosts, now, days)
    (folder / "server.pem").write_bytes(issued.certificate_pem)
    (folder / "server.key").write_bytes(issued.key_pem)


def test_create_writes_four_files_that_only_their_owner_reads(data: Path) -> None:
    assert badgepin("certificates", "create", data=data).code == 0
    folder = data / "tls"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("authority.key", "authority.pem", "server.key", "server.pem"), 0o600)


def test_the_certificate_names_what_was_asked_for_and_this_machine(data: Path) -> None:
    made = badgepin("certificates", "create", "--host", "Badges.example", "--host", "192.0.2.10", "--json", data=data)
    assert made.json["hosts"] == list(HOSTS)
    names = _read(data / "tls" / "server.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["badges.example", "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.10", "127.0.0.1", "::1"]


def test_without_a_host_the_certificate_names_the_configured_address(data: Path) -> None:
    made = badgepin("certificates", "create", "--json", data=data, BADGEPIN_BASE_URL="https://id.example:8443")
    assert made.json["hosts"] == ["id.example", *LOOPBACK_HOSTS]


def test_the_certificates_say_all_that_strict_clients_look_for(data: Path) -> None:
    assert badgepin("certificates", "create", "--days", "30", data=data).code == 0
    server, authority = _read(data / "tls" / "server.pem"), _read(data / "tls" / "authority.pem")
    for certificate, is_authority in ((server, False), (authority, True)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert (constraints.critical, usage.critical) == (True, True)
        assert constraints.value.ca is usage.value.key_cert_sign is is_authority
        assert usage.value.digital_signature is not is_authority
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH]
        assert certificate.version is x509.Version.v3
    subject_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    by = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert by == subject_key
    assert timedelta(days=30) < server.not_valid_after_utc - server.not_valid_before_utc < timedelta(days=31)


def test_openssl_finds_no_fault_with_the_certificate(data: Path) -> None:
    assert badgepin("certificates", "create", "--host", "badges.example", data=data).code == 0
    assert _openssl(data / "tls", "badges.example")
    assert not _openssl(data / "tls", "other.example")


def _openssl(folder: Path, host: str) -> bool:
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", host]
    files = ["-CAfile", str(folder / "authority.pem"), str(folder / "server.pem")]
    return subprocess.run([*command, *files], capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("host", ["bank.example", "192.0.2.99", "2001:db8::1", "badges.example.org", "xbadges.example"])
def test_whoever_steals_the_authoritys_key_cannot_pass_for_another_site(tmp_path: Path, host: str) -> None:
    authority = found_authority(("badges.example", "192.0.2.10"), datetime.now(UTC))
    (tmp_path / "authority.pem").write_bytes(authority.certificate_pem)
    _write(tmp_path, authority, (host,), 30, datetime.now(UTC))
    assert not _shakes_hands(tmp_path, host)
    # the same thief is believed about the trial's own names
    _write(tmp_path, authority, ("badges.example",), 30, datetime.now(UTC))
    assert _shakes_hands(tmp_path, "badges.example")


def _shakes_hands(folder: Path, host: str) -> bool:
    """Whether a Python client that trusts the authority accepts the server as this host; without a network."""
    client_side = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(folder / "server.pem", folder / "server.key")
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError:
            return False
    return True


def test_renewing_keeps_the_authority_so_that_nobody_must_trust_anew(data: Path) -> None:
    assert badgepin("certificates", "create", data=data).code == 0
    authority, server = (data / "tls" / "authority.pem").read_bytes(), (data / "tls" / "server.pem").read_bytes()
    assert badgepin("certificates", "create", data=data).code == 0
    assert (data / "tls" / "authority.pem").read_bytes() == authority
    assert (data / "tls" / "server.pem").read_bytes() != server


def test_a_name_the_authority_cannot_vouch_for_is_refused_until_another_is_founded(data: Path) -> None:
    assert badgepin("certificates", "create", "--host", "badges.example", data=data).code == 0
    before = (data / "tls" / "server.pem").read_bytes()
    refused = badgepin("certificates", "create", "--host", "other.example", data=data)
    assert is_one_line(refused, "other.example", "--new-authority")
    assert (data / "tls" / "server.pem").read_bytes() == before
    again = badgepin("certificates", "create", "--host", "other.example", "--new-authority", data=data)
    assert again.code == 0
    assert badgepin("certificates", "create", "--host", "till.other.example", data=data).code == 0


def test_a_certificate_never_outlives_its_authority() -> None:
    authority = found_authority(HOSTS, NOW, days=10)
    certificate = x509.load_pem_x509_certificate(issue(authority, HOSTS, NOW, days=90).certificate_pem)
    assert certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_an_authority_is_read_back_as_it_was_written() -> None:
    authority = found_authority(HOSTS, NOW)
    assert load_authority(authority.certificate_pem, authority.key_pem).refuses(["x.badges.example", "a.example"]) == [
        "a.example"
    ]


@pytest.mark.parametrize(
    "host", ["", "two words", "https://badges.example", "a_b.example", "a" * 64, "-a.example", "*"]
)
def test_what_is_no_host_is_refused(data: Path, host: str) -> None:
    assert is_one_line(badgepin("certificates", "create", "--host", host, data=data), "neither a host's name")
    assert not (data / "tls" / "server.pem").exists()


def test_create_says_how_to_trust_the_authority_everywhere_and_how_to_serve(data: Path) -> None:
    said = badgepin("certificates", "create", "--host", "badges.example", data=data).out
    for word in ("Debian", "Windows", "macOS", "Firefox", "Android", "iOS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"):
        assert word in said
    assert 'base_url = "https://badges.example:8080"' in said
    assert "BEGIN" not in said


def test_show_says_what_the_certificate_says(data: Path) -> None:
    assert is_one_line(badgepin("certificates", "show", data=data), "badgepin certificates create")
    assert badgepin("certificates", "create", "--days", "20", data=data).code == 0
    shown = badgepin("certificates", "show", "--json", data=data).json
    assert shown["hosts"] == list(LOOPBACK_HOSTS)
    assert shown["daysLeft"] == 19
    assert shown["issuer"].startswith("Badgepin trial authority")
    der = ssl.PEM_cert_to_DER_cert((data / "tls" / "server.pem").read_text())
    assert shown["sha256"] == hashlib.sha256(der).hexdigest()


def test_show_reads_the_certificate_that_the_settings_name(data: Path, tmp_path: Path) -> None:
    assert badgepin("certificates", "create", data=data).code == 0
    shutil.move(data / "tls", tmp_path / "elsewhere")
    variables = {
        "BADGEPIN_TLS_CERTIFICATE": str(tmp_path / "elsewhere" / "server.pem"),
        "BADGEPIN_TLS_KEY": str(tmp_path / "elsewhere" / "server.key"),
    }
    shown = badgepin("certificates", "show", "--json", data=data, **variables).json
    assert shown["certificate"] == variables["BADGEPIN_TLS_CERTIFICATE"]


def _doctor(data: Path, **variables: str) -> tuple[str, str]:
    folder = data / "tls"
    outcome = badgepin(
        "doctor",
        "--json",
        data=data,
        BADGEPIN_BASE_URL="https://badges.example",
        BADGEPIN_TLS_CERTIFICATE=str(folder / "server.pem"),
        BADGEPIN_TLS_KEY=str(folder / "server.key"),
        **variables,
    )
    found = next(each for each in json.loads(outcome.out) if each["check"] == "certificate")
    return found["verdict"], found["finding"]


@pytest.fixture
def certified(data: Path) -> Path:
    """An installation with a certificate for badges.example, from an authority like that of `create`."""
    assert badgepin("certificates", "create", "--host", "badges.example", data=data).code == 0
    return data


@pytest.mark.parametrize(
    ("days", "verdict", "words"), [(15, "ok", "ends on"), (13, "advice", "in 12 days"), (1, "advice", "in 0 days")]
)
def test_the_doctor_warns_when_the_certificate_ends_within_14_days(
    certified: Path, days: int, verdict: str, words: str
) -> None:
    assert badgepin("certificates", "create", "--host", "badges.example", "--days", str(days), data=certified).code == 0
    found = _doctor(certified)
    assert found[0] == verdict
    assert words in found[1]


def test_the_doctor_says_what_is_wrong_with_a_certificate(certified: Path) -> None:
    folder = certified / "tls"
    authority = load_authority((folder / "authority.pem").read_bytes(), (folder / "authority.key").read_bytes())
    now = datetime.now(UTC)
    _write(folder, authority, HOSTS, 10, now - timedelta(days=20))
    (folder / "server.key").chmod(0o600)
    assert _doctor(certified) == (
        "wrong",
        f"It ended on {now - timedelta(days=10):%Y-%m-%d}: renew {folder}/server.pem.",
    )
    _write(folder, authority, HOSTS, 10, now + timedelta(days=2))
    assert "begins on" in _doctor(certified)[1]
    _write(folder, authority, ("localhost",), 30, now)
    assert "not base_url's badges.example" in _doctor(certified)[1]
    (folder / "server.key").chmod(0o644)
    assert "chmod 0600" in _doctor(certified)[1]
    (folder / "server.key").unlink()
    assert "cannot be read" in _doctor(certified)[1]


def test_the_doctor_says_nothing_of_certificates_where_there_is_none(data: Path) -> None:
    checks = [each["check"] for each in badgepin("doctor", "--json", data=data).json]
    assert "certificate" not in checks


@pytest.mark.parametrize(("proxies", "verdict"), [("", "advice"), ("10.0.0.5", "ok")])
def test_the_doctor_asks_for_the_proxy_that_ends_tls(data: Path, proxies: str, verdict: str) -> None:
    outcome = badgepin(
        "doctor", "--json", data=data, BADGEPIN_BASE_URL="https://id.example", BADGEPIN_TRUSTED_PROXIES=proxies
    )
    assert next(each["verdict"] for each in outcome.json if each["check"] == "address") == verdict
