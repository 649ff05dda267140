"""Noticing that the certificate's files have changed, whoever changes them: an ACME client, Kubernetes, an operator."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from badgepin.cli.certificate_trial import try_certificate
from badgepin.crypto.certificate import CertificateRefused, read_certificate
from badgepin.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0


class CertificateWatch:
    """Looks at the files every 5 seconds; made before the certificate is first read, so that no change is missed."""

    def __init__(self, settings: Settings) -> None:
        self._certificate, self._key = Path(settings.tls_certificate), Path(settings.tls_key)
        self._served = self._told = self._content()
        self._asked = asyncio.Event()

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._asked.set()

    async def watch(self, renew: Callable[[], Awaitable[bool]]) -> None:
        """Call `renew` each time the files hold another pair that fits; for ever. It answers whether that is served."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_EVERY)
            self._asked.clear()
            found = await asyncio.to_thread(self._content)
            if found == self._served:
                continue
            try:
                await asyncio.to_thread(try_certificate, self._certificate, self._key)
                ends_at = read_certificate(self._certificate).ends_at
            except CertificateRefused as error:
                # also what it looks like between the writing of the one file and of the other: it is tried again
                self._say_once(found, f"The certificate in use is kept: {error}")
                continue
            if await asyncio.to_thread(self._content) != found:
                self._asked.set()
            elif await renew():
                self._served = found
                log.info("A renewed certificate is served; it ends on %s.", ends_at.date())

    def _say_once(self, found: bytes, sentence: str) -> None:
        if found != self._told:
            self._told = found
            log.warning(sentence)

    def _content(self) -> bytes:
        """What the files hold, as a digest. A file that cannot be read counts as empty."""
        digest = hashlib.sha256()
        for path in (self._certificate, self._key):
            with contextlib.suppress(OSError):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.digest()
