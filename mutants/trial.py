"""One trial of a mutant: a copy of the project with the mutant in it must fail its tests."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mutants.entries import ROOT, Mutant, NotApplicable, mutated

_PATIENCE = 600
_PATIENCE_FOR_ALL = 3600
_FAILED = 1


class Verdict(StrEnum):
    """What the tests said."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    """The tests did not run at all, or did not end: that proves nothing."""


@dataclass(frozen=True)
class Outcome:
    """A verdict, and what pytest said last."""

    mutant: Mutant
    verdict: Verdict
    said: str


class Copy:
    """A copy of the project that mutants are put into, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - git, wherever it is
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        # house rules ask git which files there are
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)  # noqa: S607 - as above
        self._prove_that_the_copy_is_what_runs()

    def _prove_that_the_copy_is_what_runs(self) -> None:
        asked = self._python("-c", "import badgepin; print(badgepin.__file__)")
        if not Path(asked.stdout.strip()).is_relative_to(self.folder):
            raise RuntimeError(f"The tests would run {asked.stdout.strip()} instead of the copy.")

    def tests(
        self, chosen: tuple[str, ...], *, postgresql: bool, patience: int = _PATIENCE_FOR_ALL
    ) -> tuple[int | None, str]:
        """The exit code of pytest (None: it did not end in time) and its last words."""
        options = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestCacheWarning")
        where = () if postgresql else ("-k", "not postgresql")
        try:
            ran = self._python("-m", "pytest", *options, *where, *chosen, patience=patience)
        except subprocess.TimeoutExpired:
            return None, f"no end after {patience} s"
        lines = [line for line in ran.stdout.splitlines() if line.strip()]
        return ran.returncode, lines[-1] if lines else ran.stderr.strip()[-200:]

    def trial(self, mutant: Mutant) -> Outcome:
        """Put the mutant in, run its tests, and take it out again."""
        try:
            texts = mutated(mutant, self.folder)
        except NotApplicable as error:
            return Outcome(mutant, Verdict.BROKEN, str(error))
        kept = {path: path.read_bytes() for path in texts}
        try:
            for path, text in texts.items():
                compile(text, path.name, "exec")
                path.write_text(text, encoding="utf-8")
            code, said = self.tests(mutant.tests, postgresql=mutant.postgresql, patience=_PATIENCE)
        except SyntaxError as error:
            return Outcome(mutant, Verdict.BROKEN, f"not Python: {error}")
        finally:
            for path, content in kept.items():
                path.write_bytes(content)
        verdict = {0: Verdict.SURVIVED, _FAILED: Verdict.KILLED}.get(-1 if code is None else code, Verdict.BROKEN)
        return Outcome(mutant, verdict, said)

    def _python(self, *arguments: str, patience: int = _PATIENCE) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(  # noqa: S603 - our own interpreter and tests
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
