"""What this node counts, in Prometheus' terms; `docs/alerts.md` says what the numbers mean when they are wrong.

No label ever holds an id, a name or an address: the values of each are few and known (docs/operating.md).
"""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from badgepin import __version__

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WAITS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The verbs that are told apart; any other is counted as `other`."""

CAUSES = {
    "challenge not for this page, or too old": "stale_challenge",
    "unknown badge": "unknown_badge",
    "signature wrong": "invalid_signature",
    "challenge used before": "replayed_challenge",
    "sent from another site": "other_site",
    "no cookie of the page": "no_cookie",
    "authorization request not sealed here, or too old": "stale_request",
}
"""Why a badge was refused before it was proven: the words of the log, and the label it is counted under."""


@dataclass(frozen=True)
class Answered:
    """One answered request: `route` is the pattern of its path, never the path; `verb` one of `VERBS`, or `other`."""

    door: str
    route: str
    verb: str
    status: int
    seconds: float


class Metrics:
    """The counters of one node, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)
        PlatformCollector(registry=made)
        about = Gauge("badgepin_build_info", "1, with the version that runs.", ["version"], registry=made)
        about.labels(__version__).set(1)
        self._requests = Counter(
            "badgepin_requests", "Requests answered.", ["door", "route", "verb", "status"], registry=made
        )
        self._seconds = Histogram(
            "badgepin_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["door", "route", "verb"],
            buckets=_SECONDS,
            registry=made,
        )
        self._sign_ins = Counter(
            "badgepin_sign_ins", "Sign-ins of proven badges, by how they ended.", ["outcome"], registry=made
        )
        self._refused = Counter(
            "badgepin_badge_refusals", "Badges refused before they were proven.", ["cause"], registry=made
        )
        self._charges = Counter(
            "badgepin_pin_charges", "Guesses at a PIN: charged, or refused unchecked.", ["outcome"], registry=made
        )
        self._lockouts = Counter(
            "badgepin_lockouts", "Waits that a wrong PIN began, and PINs it disabled.", ["kind"], registry=made
        )
        self._hash_wait = Histogram(
            "badgepin_hash_wait_seconds", "Wait for a place among the PIN hashes.", buckets=_WAITS, registry=made
        )
        self._hash_busy = Counter(
            "badgepin_hash_busy", "Requests sent away because no place for a PIN hash came free.", registry=made
        )
        self._keeper_failures = Counter(
            "badgepin_audit_keeper_failures", "Beats of the audit log's keeper that failed.", registry=made
        )
        self._anchors = Gauge(
            "badgepin_audit_anchor_failing",
            "1 when the last checkpoint did not arrive; 0 is the data folder, then audit_anchors in their order.",
            ["anchor"],
            registry=made,
        )
        self._deliveries = Counter(
            "badgepin_logout_deliveries", "Applications told of a sign-out.", ["outcome"], registry=made
        )

    def note_request(self, answered: Answered) -> None:
        """Count an answered request."""
        labels = answered.door, answered.route, answered.verb
        self._requests.labels(*labels, str(answered.status)).inc()
        self._seconds.labels(*labels).observe(answered.seconds)

    def note_sign_in(self, outcome: str) -> None:
        """Count a sign-in: `signedIn`, `changePin`, or the code of a refusal."""
        self._sign_ins.labels(outcome).inc()

    def note_badge_refusal(self, cause: str) -> None:
        """Count a refusal before the badge was proven."""
        self._refused.labels(CAUSES.get(cause, "other")).inc()

    def note_charge(self, outcome: str) -> None:
        """Count a guess: `charged` in one statement, `under_lock`, or `refused`."""
        self._charges.labels(outcome).inc()

    def note_lockout(self, kind: str) -> None:
        """Count a lockout: a `wait`, or a PIN `disabled`."""
        self._lockouts.labels(kind).inc()

    def note_hash_wait(self, seconds: float | None) -> None:
        """Count a wait for a place among the PIN hashes; None: none came free."""
        if seconds is None:
            self._hash_busy.inc()
        else:
            self._hash_wait.observe(seconds)

    def note_keeper_failure(self) -> None:
        """Count a beat of the audit log's keeper that failed."""
        self._keeper_failures.inc()

    def note_anchor(self, number: int, *, is_failing: bool) -> None:
        """Whether the place of this number got the newest checkpoints."""
        self._anchors.labels(str(number)).set(float(is_failing))

    def note_delivery(self, *, told: bool) -> None:
        """Count a try to tell an application of a sign-out."""
        self._deliveries.labels("told" if told else "failed").inc()
