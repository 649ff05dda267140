"""What an examination finds: a sentence that says what to do, with a code by which pages translate it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    ADVICE = "advice"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What one check found. `code` names the sentence for translation; `values` are what stands in its gaps."""

    check: str
    verdict: Verdict
    sentence: str
    code: str = ""
    values: tuple[tuple[str, str], ...] = ()
