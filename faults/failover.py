"""I1b: the primary killed under load and its synchronous standby promoted; nothing acknowledged is lost."""

import random
import tempfile
import time
from pathlib import Path

from tests.figures import Figure, record

from faults.churn import Tally, installed, load, node_of, recovered, verify_audit
from faults.history import History
from faults.pair import Pair, pair

_ROUNDS, _QUICK = 50, 5
_CONTROL_ROUNDS, _QUICK_CONTROL = 10, 2


def failover(is_quick: bool) -> None:  # noqa: FBT001 - what every experiment is told
    """Run the rounds with a synchronous and with an asynchronous standby."""
    held = _run(is_synchronous=True, rounds=_QUICK if is_quick else _ROUNDS)
    weak = _run(is_synchronous=False, rounds=_QUICK_CONTROL if is_quick else _CONTROL_ROUNDS)
    assert weak.lost, "the asynchronous standby lost nothing: the rounds prove nothing"
    record(
        Figure(
            "I1b",
            "failovers after which an acknowledged issue or revocation was gone, synchronous standby",
            held.rounds,
            held.rounds_with_loss,
            f"asynchronous standby: {weak.rounds_with_loss} of {weak.rounds} failovers lost writes",
            'make faults ARGS="failover --write"',
        )
    )


def _run(*, is_synchronous: bool, rounds: int) -> Tally:
    tally = Tally()
    with (
        pair(is_synchronous=is_synchronous) as servers,
        tempfile.TemporaryDirectory(prefix="badgepin-failover-") as folder,
    ):
        servers.primary.sql("CREATE DATABASE badgepin")
        bench = installed(Path(folder) / "node", servers.url("badgepin"))
        node = node_of(bench, BADGEPIN_HIGH_AVAILABILITY=str(is_synchronous).lower())
        node.start()
        try:
            with load(bench) as history:
                for number in range(rounds):
                    _round(servers, history, tally, is_cut=number % 2 == 0 or not is_synchronous)
        finally:
            node.stop()
        verify_audit(bench)
    print(tally.line(f"{'synchronous' if is_synchronous else 'asynchronous'} standby"), flush=True)
    return tally


def _round(servers: Pair, history: History, tally: Tally, *, is_cut: bool) -> None:
    time.sleep(random.uniform(0.5, 1.2))
    if is_cut:
        servers.cut_link()
        time.sleep(random.uniform(0.2, 0.5))
    killed_at = servers.kill_primary()
    servers.promote()
    tally.recoveries.append(recovered(history, killed_at) - killed_at)
    rows = servers.primary.value("SELECT id, revoked_at IS NOT NULL FROM qr_codes", "badgepin").split()
    tally.count(history, killed_at, {code: ended == "t" for code, ended in (row.split("|") for row in rows)})
    servers.join()
