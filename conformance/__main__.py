"""`make conformance`: a server set up for the OpenID conformance suite, checked, and the suite's runner on it.

CONFORMANCE_SUITE is a checkout of the suite, CONFORMANCE_SERVER the address of the running suite. docs/conformance.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from conformance.checks import check
from conformance.installation import PIN, Command, NotReady, Place, command, prepare, serving
from conformance.plans import PLANS, Plan

_NOT_SHOWN = 2
_MISSING = (
    "The suite is not here, so nothing of it was run: set CONFORMANCE_SUITE to a checkout of it and CONFORMANCE_SERVER "
    "to its address (docs/conformance.md)."
)


def main(arguments: list[str] | None = None, run: Command = command) -> int:
    """The exit code: the suite's own, 1 when our side is not ready, 2 when there is no suite."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--host", default="localhost", help="the name by which suite and browser reach us (localhost)")
    parser.add_argument("--listen", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=9443, help="the port (9443)")
    parser.add_argument("--plan", choices=[plan.name for plan in PLANS], help="only this plan (all)")
    parser.add_argument("--hold", action="store_true", help="serve until Ctrl-C instead, to use the suite's own pages")
    chosen = parser.parse_args(arguments)
    suite = os.environ.get("CONFORMANCE_SERVER", "https://localhost:8443").rstrip("/")
    with tempfile.TemporaryDirectory(prefix="badgepin-conformance-") as folder:
        place = Place(Path(folder) / "data", f"https://{chosen.host}:{chosen.port}", suite)
        try:
            prepared = prepare(place, run)
            written = prepared.write_configurations(Path(folder))
            with serving(prepared, chosen.listen):
                print("\n".join(check(prepared, run)))
                print(f"configurations: {', '.join(str(path) for _, path in written)}")
                print(f"to sign in: the text in {prepared.badge}, PIN {PIN}", flush=True)
                if chosen.hold:
                    return _hold()
                return run_suite([(plan, path) for plan, path in written if chosen.plan in {None, plan.name}])
        except NotReady as error:
            print(error, file=sys.stderr)
            return 1


def run_suite(written: list[tuple[Plan, Path]]) -> int:
    """The suite's own runner, plan after plan: a person signs in, and can do so at one place at a time."""
    checkout, server = os.environ.get("CONFORMANCE_SUITE"), os.environ.get("CONFORMANCE_SERVER")
    if not checkout or not server:
        print(_MISSING)
        return _NOT_SHOWN
    runner = Path(checkout) / "scripts" / "run-test-plan.py"
    if not runner.is_file():
        raise NotReady(f"{runner} is not there: is CONFORMANCE_SUITE a checkout of the suite?")
    environment = {**os.environ, "CONFORMANCE_SERVER": server.rstrip("/") + "/"}
    if "CONFORMANCE_TOKEN" not in environment:
        environment.setdefault("CONFORMANCE_DEV_MODE", "1")
    python = os.environ.get("CONFORMANCE_PYTHON", "python3")
    worst = 0
    for plan, path in written:
        called = [python, runner.name, plan.expression, str(path)]
        worst = max(worst, subprocess.run(called, cwd=runner.parent, env=environment, check=False).returncode)
    return worst


def _hold() -> int:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
