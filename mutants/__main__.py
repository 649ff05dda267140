"""Run the hand-written security mutants: `python -m mutants [--only TEXT] [--jobs N]`.

First the tests run without any mutant and must be green; then each mutant must turn one of its own red.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutants.entries import Mutant, load
from mutants.trial import Copy, Outcome, Verdict


def main() -> int:
    """The exit code: 0 when every mutant was killed."""
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("--only", default="", help="only mutants whose name holds this text")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (2)")
    arguments = parser.parse_args()
    chosen = [mutant for mutant in load() if arguments.only in mutant.name]
    if not chosen:
        print(f"No mutant's name holds '{arguments.only}'.")
        return 2
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="badgepin-mutants-") as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(max(1, arguments.jobs))]
        if not _are_green_without(copies[0], chosen):
            return 2
        killed = _trials(copies, chosen)
    print(f"killed {killed} of {len(chosen)} in {time.monotonic() - started:.0f} s")
    return 0 if killed == len(chosen) else 1


def _are_green_without(copy: Copy, chosen: list[Mutant]) -> bool:
    for postgresql in (False, True):
        mine = [mutant for mutant in chosen if mutant.postgresql is postgresql]
        tests = tuple(dict.fromkeys(test for mutant in mine for test in mutant.tests))
        code, said = copy.tests(tests, postgresql=postgresql) if tests else (0, "")
        if code != 0:
            print(f"The tests must be green before a mutant can turn them red: {said}")
            return False
    print("green without a mutant", flush=True)
    return True


def _trials(copies: list[Copy], chosen: list[Mutant]) -> int:
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def one(mutant: Mutant) -> Outcome:
        copy = free.get()
        try:
            return copy.trial(mutant)
        finally:
            free.put(copy)

    killed = 0
    with ThreadPoolExecutor(len(copies)) as pool:
        for outcome in pool.map(one, chosen):
            killed += outcome.verdict is Verdict.KILLED
            print(f"{outcome.verdict:<9} {outcome.mutant.name}", flush=True)
            if outcome.verdict is not Verdict.KILLED:
                print(f"          {outcome.said}\n          {outcome.mutant.why}", flush=True)
    return killed


if __name__ == "__main__":
    sys.exit(main())
