"""What a server's certificate and its key say, and whether they belong together (RFC 5280, RFC 9525)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

ENDS_SOON = timedelta(days=14)
_LEAST_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1")


class CertificateRefused(Exception):
    """A certificate or its key cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Certificate:
    """The first certificate of a file: the server's own."""

    names: tuple[str, ...]
    issuer: str
    begins_at: datetime
    ends_at: datetime
    fingerprint: str
    """SHA-256 of the DER form, in lower-case hexadecimal."""

    def covers(self, host: str) -> bool:
        """Whether a client that calls this host accepts the name; a wildcard stands for one label (RFC 9525 6.3)."""
        wanted = _canonical(host)
        above = wanted.partition(".")[2]
        return any(name == wanted or (above and name == f"*.{above}") for name in map(_canonical, self.names))

    def ends_soon(self, now: datetime) -> bool:
        """Whether it ends within 14 days, or has ended."""
        return self.ends_at - now < ENDS_SOON


def read_certificate(path: Path) -> Certificate:
    """The first certificate of a PEM file. Raises `CertificateRefused`."""
    found = _load_certificate(path)
    common = found.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Certificate(
        names=_names(found),
        issuer=str(common[0].value) if common else found.issuer.rfc4514_string(),
        begins_at=found.not_valid_before_utc,
        ends_at=found.not_valid_after_utc,
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
    )


def check_pair(certificate: Path, key: Path) -> None:
    """The key is the certificate's, and of a kind that the server speaks. Raises `CertificateRefused`."""
    content = _read(key)
    try:
        private = load_pem_private_key(content, password=None)
    except TypeError as error:
        raise CertificateRefused(f"{key} is locked with a password: write the key without one, mode 0600.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateRefused(f"{key} holds no private key in PEM.") from error
    if not _is_spoken(private):
        raise CertificateRefused(f"{key} must be ECDSA P-256 or P-384, Ed25519, or RSA with at least 2048 bits.")
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != _load_certificate(certificate).public_key().public_bytes(*form):
        raise CertificateRefused(f"{key} is not the key of {certificate}.")


def _is_spoken(key: object) -> bool:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size >= _LEAST_RSA_BITS
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.curve.name in _CURVES
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read(path))[0]
    except ValueError as error:
        raise CertificateRefused(f"{path} holds no certificate in PEM.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateRefused(f"{path} cannot be read ({error.strerror}).") from error


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *(str(address) for address in addresses))


def _canonical(host: str) -> str:
    bare = host.strip("[]").rstrip(".").lower()
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare
