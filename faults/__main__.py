"""`make faults`: break things on purpose, count what went wrong, and print it with its bound and its control."""

import argparse
import os
import sys
import time
from collections.abc import Callable

from faults import bursts, clocks, nodes, outages, rotation
from faults.batch_killed import batch_killed
from faults.failover import failover
from faults.node_crash import node_crash
from faults.patroni import patroni
from faults.power_cut import power_cut
from faults.published import published_keys
from faults.upgrade import upgrade

# one line for each experiment: its name, what it does in a line, and its function, which is told whether to be quick
EXPERIMENTS: dict[str, tuple[str, Callable[[bool], None]]] = {
    "power-cut": ("cut the power at every write of SQLite, in each journal mode", power_cut),
    "node-crash": ("kill a node on SQLite under load, again and again", node_crash),
    "batch-killed": ("kill a node half-way through a batch of 1,000 badges", batch_killed),
    "failover": ("kill PostgreSQL's primary under load and promote its standby", failover),
    "patroni": ("kill the leader of a Patroni cluster under load", patroni),
    "nodes": (
        "three nodes on one PostgreSQL, killed, paused and cut off under load, the database too",
        nodes.three_nodes,
    ),
    "one-node": ("one node on a SQLite file: killed and paused under load", nodes.one_node),
    "bursts": ("64 guesses, copies and strangers at once on three nodes, one of them killed", bursts.bursts),
    "clocks": ("three nodes whose clocks are ten minutes apart", clocks.clocks),
    "keys": ("three nodes on one key ring: every key rotated under load, and one that leaked", rotation.keys),
    "upgrade": ("three nodes upgraded and taken back one by one, under load", upgrade),
    "published-keys": ("tokens checked by applications that keep the published keys for ten minutes", published_keys),
    "outages": ("audit table or database away, a disk that is full or slow", outages.outages),
}


def main() -> int:
    """Run what was asked for, all of it where nothing was; 1 when any of it found a violation."""
    listed = "\n".join(f"  {name:14} {what}" for name, (what, _) in EXPERIMENTS.items())
    parser = argparse.ArgumentParser(
        prog="make faults",
        description=__doc__,
        epilog=f"experiments:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="EXPERIMENT", help="which; all of them when none is named")
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that the harness works")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/figures.md")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"no experiment {', '.join(sorted(unknown))}; there are {', '.join(EXPERIMENTS)}")
    if chosen.write:
        os.environ["BADGEPIN_WRITE_FIGURES"] = "1"
    red = [name for name in chosen.names or EXPERIMENTS if not _holds(name, is_quick=chosen.quick)]
    if red:
        print(f"Violations or weak controls in: {', '.join(red)}.", file=sys.stderr)
    return 1 if red else 0


def _holds(name: str, *, is_quick: bool) -> bool:
    what, experiment = EXPERIMENTS[name]
    print(f"{name}: {what}", flush=True)
    begun = time.monotonic()
    try:
        experiment(is_quick)
    except AssertionError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return False
    finally:
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
