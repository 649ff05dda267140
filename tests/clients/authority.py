"""A certificate authority of the test's own, and a server certificate for localhost from it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from badgepin.crypto.trial_authority import LOOPBACK_HOSTS, found_authority, issue


@dataclass(frozen=True)
class ServerCertificate:
    """Files in PEM: the authority to trust, the server's certificate and its key."""

    authority: Path
    certificate: Path
    key: Path


def make_certificate(folder: Path) -> ServerCertificate:
    """A fresh authority and a certificate for localhost and 127.0.0.1."""
    now = datetime.now(UTC)
    authority = found_authority(LOOPBACK_HOSTS, now)
    issued = issue(authority, LOOPBACK_HOSTS, now, days=7)
    files = ServerCertificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    files.authority.write_bytes(authority.certificate_pem)
    files.certificate.write_bytes(issued.certificate_pem)
    files.key.write_bytes(issued.key_pem)
    return files
