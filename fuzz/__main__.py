"""Fuzz the readers that strangers reach, with coverage to guide it (Atheris): `python -m fuzz TARGET [SECONDS]`.

`all` runs every target in a process of its own, one after the other.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["badgepin"]):
    from fuzz.targets import SEEDS, TARGETS

_LONGEST_INPUT = 4096


def main() -> int:
    """The exit code: 0 when no input did more than be refused."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("seconds", type=int, nargs="?", default=30, help="how long for each target (30)")
    arguments = parser.parse_args()
    if arguments.target == "all":
        return max(_run(name, arguments.seconds) for name in TARGETS)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[arguments.target]):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={arguments.seconds}", f"-max_len={_LONGEST_INPUT}", corpus]
        atheris.Setup([sys.argv[0], *options], TARGETS[arguments.target])
        atheris.Fuzz()
    return 0


def _run(name: str, seconds: int) -> int:
    command = [sys.executable, "-m", "fuzz", name, str(seconds)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    edges = re.findall(r"cov: (\d+)", ran.stderr)
    runs = re.findall(r"Done (\d+) runs", ran.stderr)
    if ran.returncode != 0 or not runs:
        print(f"{name}: FAILED\n{ran.stderr[-3000:]}", flush=True)
        return 1
    print(f"{name}: {runs[-1]} executions, {edges[-1] if edges else 0} edges, nothing but refusals", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
