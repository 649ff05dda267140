"""What is measured rather than counted: read now and then in the background, told when the metrics are asked for."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from badgepin.crypto.certificate import CertificateRefused, read_certificate
from badgepin.services import backup
from badgepin.services import vitals as services
from badgepin.services.vitals import SPANS, AuditVitals
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

EVERY = 15.0
# codes are counted at every so many looks: it reads more
_CODES_EVERY = 40


class Vitals(Collector):
    """The node's measurements; reading them asks nobody."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._audit: AuditVitals | None = None
        self._ending: list[int] | None = None
        self._certificate_ends_at: datetime | None = None
        self._began_at = installation.clock()
        self._backed_up_at: datetime | None = None

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        looks = 0
        while True:
            try:
                await self.look(codes=looks % _CODES_EVERY == 0)
                looks += 1
            except StoreUnavailable:
                log.debug("The measurements wait for the database.")
            except Exception:
                # tables that somebody tampered with can fail in any way; the node lives on
                log.exception("The measurements failed.")
            await asyncio.sleep(EVERY)

    async def look(self, *, codes: bool) -> None:
        """Read what the database and the files say now. Raises `StoreUnavailable`."""
        database, now = self._installation.database, self._installation.clock()
        self._certificate_ends_at = await asyncio.to_thread(self._read_certificate)
        self._audit = await database.read(lambda tx: services.read_audit(tx, now))
        chore = await database.read(lambda tx: backup.find_chore(tx, backup.BACKUP))
        self._backed_up_at = chore.done_at if chore else None
        if codes:
            self._ending = await database.read(lambda tx: services.count_ending(tx, now))

    def _read_certificate(self) -> datetime | None:
        file = self._installation.settings.tls_certificate
        try:
            return read_certificate(Path(file)).ends_at if file else None
        except CertificateRefused:
            # the one in use is served on; the watch has said what is wrong with the file
            return self._certificate_ends_at

    def collect(self) -> Iterator[Metric]:
        """Prometheus asks."""
        yield from self._of_node()
        yield from self._of_database()
        yield from self._of_audit()
        yield from self._of_keys()
        yield from self._of_backups()
        if self._ending is not None:
            codes = GaugeMetricFamily(
                "badgepin_codes_ending", "Live standard codes that end within so many days.", labels=["days"]
            )
            for span, count in zip(SPANS, self._ending, strict=True):
                codes.add_metric([str(span.days)], count)
            yield codes

    def _of_node(self) -> Iterator[Metric]:
        readiness = self._installation.readiness
        yield _gauge("badgepin_ready", "1 when /readyz says so.", float(readiness.judge() is None))
        age = readiness.age()
        if age is not None:
            yield _gauge("badgepin_last_write_age_seconds", "Since the last durable write of the probe.", age)
        yield _gauge("badgepin_probe_write_seconds", "Time the probe's last write took.", readiness.write_seconds)
        yield _gauge(
            "badgepin_clock_drift_seconds",
            "The database's clock less this host's; 0 with SQLite.",
            readiness.drift_seconds or 0.0,
        )

    def _of_database(self) -> Iterator[Metric]:
        load = self._installation.database.load
        yield _gauge("badgepin_database_connections", "Connections, or threads with SQLite.", load.connections)
        yield _gauge("badgepin_database_work", "Work that has a connection or waits for one.", load.work)
        yield _counter("badgepin_database_unavailable", "Work that the database did not do.", load.unavailable)
        yield _counter("badgepin_database_repeated", "Transactions run again after a conflict.", load.repeated)

    def _of_audit(self) -> Iterator[Metric]:
        audit = self._audit
        if audit is None:
            return
        yield _gauge("badgepin_audit_waiting_events", "Events that wait for their place in the chain.", audit.waiting)
        yield _gauge("badgepin_audit_waiting_seconds", "How long the oldest of them waits.", audit.waiting_seconds)
        yield _gauge(
            "badgepin_audit_unsigned_seconds", "Age of the oldest event no checkpoint covers.", audit.unsigned_seconds
        )

    def _of_backups(self) -> Iterator[Metric]:
        settings, journal = self._installation.settings, self._installation.journal
        if journal is not None:
            failing = float(journal.is_failing)
            yield _gauge("badgepin_journal_failing", "1 when the revocation journal could not be used.", failing)
        if settings.backup_directory:
            # before the first one its age is the node's own
            age = (self._installation.clock() - (self._backed_up_at or self._began_at)).total_seconds()
            yield _gauge("badgepin_backup_age_seconds", "Since the last backup that succeeded.", age)
            every = settings.backup_every_hours * 3600
            yield _gauge("badgepin_backup_every_seconds", "Time between scheduled backups.", every)

    def _of_keys(self) -> Iterator[Metric]:
        now, refused = self._installation.clock(), self._installation.held.trouble is not None
        yield _gauge("badgepin_key_ring_refused", "1 while the key ring's file is not the ring in use.", float(refused))
        if self._certificate_ends_at is not None:
            left = (self._certificate_ends_at - now).total_seconds()
            yield _gauge("badgepin_certificate_remaining_seconds", "Until the served certificate ends.", left)
        age = (now - self._installation.keys.active_signing_key.active_at).total_seconds()
        yield _gauge("badgepin_signing_key_age_seconds", "Since the active token key became active.", age)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _counter(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(name, help_text, value=value)
