"""Whether a certificate and its key can be served, tried in a process of its own.

Granian aborts its process when it meets a certificate that it cannot use (a key of 8192 bits, a certificate of
X.509 version 1); only the trial's process dies of that.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from badgepin.crypto.certificate import CertificateRefused, check_pair

_WITHIN = 20.0
_ALIVE_AFTER = 0.05


def try_certificate(certificate: Path, key: Path) -> None:
    """The pair fits, and a server starts with it. Raises `CertificateRefused`."""
    check_pair(certificate, key)
    command = [sys.executable, "-m", __name__, str(certificate), str(key)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_WITHIN)  # noqa: S603 - ourselves
    except subprocess.TimeoutExpired as error:
        raise CertificateRefused(f"{certificate} could not be tried: this host is too busy.") from error
    if done.returncode != 0:
        raise CertificateRefused(
            f"{certificate} cannot be served: it must be X.509 version 3, with a key of ECDSA P-256 or P-384, "
            "Ed25519, or RSA of 2048 to 4096 bits."
        )


async def _serve_once(certificate: Path, key: Path) -> None:
    async def nothing(*_arguments: object) -> None: ...

    server = Server(
        nothing,
        port=0,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        ssl_cert=certificate,
        ssl_key=key,
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(_ALIVE_AFTER)
    # at once: a thread of Granian's that is still alive while Python takes itself apart would abort the process
    os._exit(1 if serving.done() else 0)


if __name__ == "__main__":
    asyncio.run(_serve_once(Path(sys.argv[1]), Path(sys.argv[2])))
