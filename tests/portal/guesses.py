"""A small model of codes, PIN and lockout (security design 4) beside the real services, for random walks of both."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from badgepin.domain.lockout import DAY, LockoutRules
from badgepin.domain.sign_in import PROOF_LIFE, PROOF_TRIES, Denial

RULES = LockoutRules()


@dataclass
class ModelCode:
    """A code as the model knows it."""

    id: str
    start_at: datetime
    expire_at: datetime
    is_revoked: bool = False
    failures: int = 0
    locked_until: datetime | None = None


@dataclass
class ModelProof:
    """A scan, and the tries under it."""

    number: int
    code: ModelCode
    version: int
    expires_at: datetime
    tries: int = PROOF_TRIES
    is_used: bool = False


@dataclass
class Charge:
    """One guess that was paid for."""

    at: datetime
    code: ModelCode
    proof: ModelProof
    is_cleared: bool = False


@dataclass
class Model:
    """What the design says, in as few words as possible: no tables, no transactions."""

    codes: list[ModelCode] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    version: int = 1
    life: int = 0
    is_disabled: bool = False

    def denial(self, code: ModelCode, now: datetime) -> Denial | None:
        """Why a scanned code is not let on to the PIN."""
        if code.is_revoked:
            return Denial.CODE_REVOKED
        if now < code.start_at:
            return Denial.CODE_NOT_YET_ACTIVE
        if now >= code.expire_at:
            return Denial.CODE_EXPIRED
        if self.is_disabled:
            return Denial.PIN_DISABLED
        return Denial.PIN_LOCKED if code.locked_until is not None and now < code.locked_until else None

    def scan(self, number: int, code: ModelCode, now: datetime) -> ModelProof:
        """A scan that was let on."""
        return ModelProof(number, code, self.version, now + PROOF_LIFE)

    def may_guess(self, proof: ModelProof, now: datetime) -> bool:
        """Whether a PIN under this proof is looked at at all."""
        alive = not proof.is_used and now < proof.expires_at and proof.version == self.version and proof.tries > 0
        today = [charge for charge in self.charges if not charge.is_cleared and charge.at > now - DAY]
        of_code = [charge for charge in today if charge.code is proof.code]
        return (
            alive
            and self.denial(proof.code, now) is None
            and self.life < RULES.pin_life
            and len(today) < RULES.pin_day
            and len(of_code) < RULES.badge_day
        )

    def charge(self, proof: ModelProof, now: datetime) -> None:
        """A guess is paid for before it is looked at."""
        proof.tries -= 1
        self.life += 1
        code = proof.code
        code.failures += 1
        self.charges.append(Charge(now, code, proof))
        if code.failures % RULES.step == 0:
            code.locked_until = now + RULES.waits[min(code.failures // RULES.step, 4) - 1]

    def settle(self, proof: ModelProof, *, right: bool) -> None:
        """A right guess gives back what its own proof paid; the last wrong one ends PIN and codes."""
        if right:
            proof.is_used = True
            mine = [charge for charge in self.charges if charge.proof is proof and not charge.is_cleared]
            for charge in mine:
                charge.is_cleared = True
            self.life -= len(mine)
            proof.code.failures, proof.code.locked_until = 0, None
        elif self.life >= RULES.pin_life:
            self.is_disabled = True
            for code in self.codes:
                code.is_revoked = True

    def clear(self) -> None:
        """Unlock: waits and the day's ledger, never the lifetime."""
        for charge in self.charges:
            charge.is_cleared = True
        for code in self.codes:
            code.failures, code.locked_until = 0, None

    def reset(self) -> None:
        """A PIN issued anew begins with nothing spent."""
        self.clear()
        self.version, self.life, self.is_disabled = self.version + 1, 0, False


JUMPS = [timedelta(seconds=seconds) for seconds in (1, 59, 60, 61, 180, 300, 900, 3600, 43_200, 86_399, 86_400, 90_000)]
BACK = [timedelta(seconds=-seconds) for seconds in (1, 60, 3600, 100_000)]
