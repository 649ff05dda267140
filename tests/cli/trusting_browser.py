"""Chromium that trusts an authority: its store is filled through NSS, the library that it reads it with."""

import ctypes
import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
_TRUSTED_AUTHORITY = 0x8 | 0x10  # certdb.h: CERTDB_VALID_CA, CERTDB_TRUSTED_CA


class _Trust(ctypes.Structure):
    _fields_ = (("tls", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def trust(authority: Path, home: Path) -> None:
    """Put an authority among those that Chromium trusts for a user with this home."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    script = f"from tests.cli.trusting_browser import fill; fill({str(store)!r}, {str(authority)!r})"
    # NSS keeps its state in the process: one of its own for each store
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2], timeout=60)


def fill(store: str, authority: str) -> None:
    """Add a PEM certificate to a store as a trusted authority for TLS."""
    nss, reading = ctypes.CDLL(find_library("nss3")), ctypes.CDLL(find_library("smime3"))
    for function in (nss.PK11_GetInternalKeySlot, nss.CERT_GetDefaultCertDB, reading.CERT_DecodeCertFromPackage):
        function.restype = ctypes.c_void_p
    assert nss.NSS_InitReadWrite(f"sql:{store}".encode()) == 0
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    assert nss.PK11_InitPin(slot, None, b"") == 0
    content = Path(authority).read_bytes()
    certificate = ctypes.c_void_p(reading.CERT_DecodeCertFromPackage(content, len(content)))
    assert nss.PK11_ImportCert(slot, certificate, ctypes.c_ulong(0), b"trial", 0) == 0
    trusted = _Trust(_TRUSTED_AUTHORITY, 0, 0)
    database = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    assert nss.CERT_ChangeCertTrust(database, certificate, ctypes.byref(trusted)) == 0
    nss.CERT_DestroyCertificate(certificate)
    nss.PK11_FreeSlot(slot)
    assert nss.NSS_Shutdown() == 0


def page(url: str, home: Path) -> str:
    """What Chromium shows of an address: its own error page when it does not trust the server."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "HOME": str(home)},
    )
    return done.stdout
