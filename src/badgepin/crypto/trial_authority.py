"""A private authority for a trial, bound to the names it may vouch for, and a server certificate from it (RFC 5280).

The authority is trusted by devices, so its key would be worth stealing. Name constraints (4.2.1.10) take that worth
away: whoever holds it can stand in for the trial's own names and for no other site.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from badgepin.crypto.certificate import CertificateRefused

AUTHORITY_DAYS = 730
# what every authority vouches for: with names and addresses of both kinds listed, no kind stays unbound
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
# clocks of devices differ
_EARLIER = timedelta(hours=1)
_HOST_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253


@dataclass(frozen=True)
class Authority:
    """A certificate that clients are told to trust, and the key that signs for it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """What devices are given."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """What nobody is given."""
        return _key_pem(self.key)

    def refuses(self, hosts: Sequence[str]) -> list[str]:
        """Those of the hosts for which this authority cannot vouch."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        permitted = constraints.permitted_subtrees or []
        return [host for host in hosts if not any(_permits(name, _general_name(host)) for name in permitted)]


@dataclass(frozen=True)
class Issued:
    """A server's certificate and its key, in PEM."""

    certificate_pem: bytes
    key_pem: bytes


def found_authority(hosts: Sequence[str], now: datetime, days: int = AUTHORITY_DAYS) -> Authority:
    """A new authority that can vouch for these hosts only. Raises `CertificateRefused` for what is no host."""
    key = ec.generate_private_key(ec.SECP256R1())
    # two that are trusted by one device must not be taken for each other
    name = _name(f"Badgepin trial authority {now:%Y-%m-%d} {token_hex(3)}")
    permitted = dict.fromkeys(_subtree(_general_name(host)) for host in (*hosts, *LOOPBACK_HOSTS))
    constraints = x509.NameConstraints(permitted_subtrees=list(permitted), excluded_subtrees=None)
    builder = (
        _builder(name, name, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def load_authority(certificate_pem: bytes, key_pem: bytes) -> Authority:
    """An authority that was made before. Raises `CertificateRefused`."""
    try:
        key = load_pem_private_key(key_pem, password=None)
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise CertificateRefused("The authority was not made here.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CertificateRefused("The authority's key is not its own.")
    return Authority(certificate, key)


def issue(authority: Authority, hosts: Sequence[str], now: datetime, days: int) -> Issued:
    """A fresh key and a certificate for these hosts; it never outlives the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    by = authority.certificate
    issuer_key = by.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_name(hosts[0]), by.subject, key.public_key(), now, days, by.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
    )
    return Issued(builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM), _key_pem(key))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
    latest: datetime | None = None,
) -> x509.CertificateBuilder:
    end = now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(end if latest is None else min(end, latest))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    # X.520 allows 64 characters; what clients look at are the alternative names
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _general_name(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if len(name) > _LONGEST or not _HOST_NAME.fullmatch(name):
        raise CertificateRefused(f"'{host}' is neither a host's name nor an address.")
    return x509.DNSName(name)


def _subtree(name: x509.DNSName | x509.IPAddress) -> x509.DNSName | x509.IPAddress:
    if isinstance(name, x509.DNSName):
        return x509.DNSName(name.value.removeprefix("*."))
    return x509.IPAddress(ip_network(name.value))


def _permits(subtree: x509.GeneralName, name: x509.DNSName | x509.IPAddress) -> bool:
    if isinstance(subtree, x509.IPAddress) and isinstance(name, x509.IPAddress):
        address = name.value
        single = isinstance(address, IPv4Address | IPv6Address)
        return single and not isinstance(subtree.value, IPv4Address | IPv6Address) and address in subtree.value
    if isinstance(subtree, x509.DNSName) and isinstance(name, x509.DNSName):
        return f".{name.value}".endswith(f".{subtree.value}")
    return False


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
