"""Codes, PIN and lockout on random walks with a clock that jumps: the services do what a small model says.

The budgets of security design 4.3 are counted apart from both, from the guesses that were let through to the hash.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import Cost, PinRow, hash_pin
from badgepin.domain.caller import Call, Caller
from badgepin.domain.errors import Conflict
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.session import SessionRules
from badgepin.domain.sign_in import PROOF_TRIES, ProofKey
from badgepin.services import pin as pins
from badgepin.services import qr_code_pin as codes
from badgepin.services import session, sign_in
from badgepin.services.attempt import Attempt, Refusal
from badgepin.store import method_policy, tables
from badgepin.store import pin as pin_store
from tests.figures import Figure, record
from tests.graph.world import CLIENT, START, TENANT, World, build, guid
from tests.portal.guesses import BACK, JUMPS, RULES, Charge, Model, ModelCode, ModelProof

WORKER = guid("worker")
WALKS, STEPS = 12, 16


@pytest.fixture
def quiet_world(sqlite_template: Path, tmp_path: Path, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    """A worker with a standard code and a PIN of their own, on SQLite; walks roll back what they did."""
    shutil.copy(sqlite_template, tmp_path / "badgepin.db")
    world = build(f"sqlite:///{tmp_path / 'badgepin.db'}", ring, runner)
    policy = MethodPolicy(state=PolicyState.ENABLED)
    world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    world.create_method()
    world.transact(_chosen)
    yield world
    world.close()


def _chosen(tx: sa.Connection) -> None:
    """The PIN counts as chosen by its holder: it neither must be changed nor dies after a week."""
    tx.execute(sa.update(tables.pins).values(must_change_at_next_sign_in=False, expires_at=None))


class Walk(RuleBasedStateMachine):
    """One walk: whatever people and thieves may do, in any order, at any time."""

    world: ClassVar[World]
    walked: ClassVar[list[int]]

    def __init__(self) -> None:
        super().__init__()
        engine: sa.Engine = self.world.installation.database.engine  # type: ignore[attr-defined] # SQLite's
        self.tx = engine.connect()
        self.undo = self.tx.begin()
        self.now, self.steps = START + timedelta(hours=1), 0
        [row] = self.tx.execute(sa.select(tables.qr_codes)).all()
        self.model = Model([ModelCode(row.id, row.start_at, row.expire_at)])
        self.proofs: list[ModelProof] = []
        self.evaluated: list[Charge] = []

    def teardown(self) -> None:
        self.undo.rollback()
        self.tx.close()
        self.walked.append(len(self.evaluated))

    def _attempt(self) -> Attempt:
        return Attempt(TENANT, self.now, guid("correlation"))

    def _call(self) -> Call:
        scopes = frozenset({"UserAuthenticationMethod.ReadWrite.All"})
        return Call(Caller(TENANT, CLIENT, guid("manager"), scopes, 1, 1), self.now, guid("correlation"))

    def _key(self, proof: ModelProof) -> ProofKey:
        handle = hashlib.sha256(str(proof.number).encode()).digest()
        return ProofKey(handle, handle, hashlib.sha256(b"").digest())

    @rule(jump=st.sampled_from(JUMPS))
    def time_passes(self, jump: timedelta) -> None:
        self.now += jump

    @rule(jump=st.sampled_from(BACK))
    def the_clock_is_set_back(self, jump: timedelta) -> None:
        self.now += jump

    @rule(which=st.integers(0, 2), how=st.sampled_from(["wrong", "crash"]), guesses=st.integers(3, 12))
    def a_thief_goes_on(self, which: int, how: str, guesses: int) -> None:
        """Scan, guess until the tries are gone, scan again; wait an hour before each second scan."""
        for number in range(guesses):
            if not self.proofs or number % (PROOF_TRIES + 1) == 0:
                self.now += timedelta(hours=number and 1)
                self.scan(which)
            if self.proofs:
                self.guess(0, how)

    @rule(which=st.integers(0, 30))
    def scan(self, which: int) -> None:
        code = self.model.codes[-1 - which % len(self.model.codes)]
        proof = self.model.scan(self.steps, code, self.now)
        self.steps += 1
        digest = hashlib.sha256(f"challenge {proof.number}".encode()).digest()
        outcome = sign_in.prove_badge(self.tx, self._attempt(), code.id, digest, self._key(proof))
        expected = self.model.denial(code, self.now)
        if isinstance(outcome, Refusal):
            assert outcome.denied.denial is expected
            return
        assert isinstance(outcome, sign_in.Proven)
        assert expected is None
        self.proofs.append(proof)

    @precondition(lambda self: self.proofs)
    @rule(which=st.integers(0, 30), how=st.sampled_from(["wrong", "wrong", "wrong", "right", "crash"]))
    def guess(self, which: int, how: str) -> None:
        proof = self.proofs[-1 - which % len(self.proofs)]
        key = self._key(proof)
        allowed = self.model.may_guess(proof, self.now)
        checked = sign_in.charge_pin_at_once(self.tx, self._attempt(), key, RULES)
        if isinstance(checked, sign_in.Unsettled):
            checked = sign_in.charge_pin(self.tx, self._attempt(), key, RULES)
        assert isinstance(checked, sign_in.PinToCheck) is allowed, checked
        if not isinstance(checked, sign_in.PinToCheck):
            return
        self.model.charge(proof, self.now)
        self.evaluated.append(self.model.charges[-1])
        if how == "wrong":
            sign_in.settle_wrong_pin(self.tx, self._attempt(), checked, RULES)
            self.model.settle(proof, right=False)
        elif how == "right":
            opening = session.Opening(self.world.installation.keys, SessionRules())
            outcome = session.pass_pin(self.tx, self._attempt(), key, checked, opening)
            assert isinstance(outcome, session.SignedIn)
            self.model.settle(proof, right=True)

    @rule(hours=st.integers(1, 12))
    def a_manager_issues_a_temporary_code(self, hours: int) -> None:
        end = self.now.replace(microsecond=0) + timedelta(hours=hours)
        kept = self._temporary()
        wanted = codes.WantedLifetime(None, end)
        try:
            with self.tx.begin_nested():
                made = codes.create_temporary_qr_code(
                    self.tx, self._call(), WORKER, lambda: wanted, self.world.installation.keys
                )
        except Conflict:
            assert kept is not None
            assert kept.expire_at > self.now
            return
        assert kept is None or kept.expire_at <= self.now
        if kept is not None:
            kept.is_revoked = True
        code = made.issued.code
        self.model.codes.append(ModelCode(code.id, code.start_at, code.expire_at))

    @precondition(lambda self: self._temporary() is not None)
    @rule()
    def a_manager_deletes_the_temporary_code(self) -> None:
        kept = self._temporary()
        assert kept is not None
        codes.delete_qr_code(self.tx, self._call(), WORKER, CodeKind.TEMPORARY)
        kept.is_revoked = True

    @rule()
    def a_manager_unlocks(self) -> None:
        try:
            with self.tx.begin_nested():
                pins.unlock_pin(self.tx, self._call(), WORKER, lambda: "at the desk")
        except Conflict:
            assert self.model.is_disabled
            return
        assert not self.model.is_disabled
        self.model.clear()

    @precondition(lambda self: self.model.is_disabled or self.model.life > RULES.pin_day)
    @rule()
    def a_manager_resets_the_pin(self) -> None:
        new = pins.check_reset(self.tx, self._call(), WORKER, lambda: None)
        ring = self.world.installation.keys
        hashed = hash_pin(new.digits, PinRow(WORKER, new.pin_id, new.version), cost=Cost(64, 1), ring=ring)
        pins.reset_pin(self.tx, self._call(), new, hashed, 7)
        _chosen(self.tx)
        self.model.reset()
        self.evaluated.clear()

    def _temporary(self) -> ModelCode | None:
        alive = [code for code in self.model.codes[1:] if not code.is_revoked]
        return alive[-1] if alive else None

    @invariant()
    def no_budget_is_ever_exceeded(self) -> None:
        unredeemed = [charge for charge in self.evaluated if not charge.is_cleared]
        assert len(unredeemed) <= RULES.pin_life
        for window in _days(unredeemed, self.now):
            assert len(window) <= RULES.pin_day
            assert all(sum(each.code is code for each in window) <= RULES.badge_day for code in self.model.codes)

    @invariant()
    def the_database_counts_as_the_model_does(self) -> None:
        [row] = self.tx.execute(sa.select(tables.pins.c.life_failures, tables.pins.c.disabled_at)).all()
        assert row.life_failures == self.model.life
        assert (row.disabled_at is not None) is self.model.is_disabled
        charged = self.tx.execute(
            sa.select(sa.func.count()).select_from(tables.pin_charges).where(tables.pin_charges.c.cleared_at.is_(None))
        ).scalar_one()
        assert charged == sum(not charge.is_cleared for charge in self.model.charges)


def _days(charges: list[Charge], now: datetime) -> Iterator[list[Charge]]:
    """The last 24 hours, and every 24 hours that end with a guess while the clock did not go back."""
    yield [charge for charge in charges if now - timedelta(days=1) < charge.at <= now]
    for last in range(len(charges)):
        ends = charges[last].at
        yield [charge for charge in charges[: last + 1] if ends - timedelta(days=1) < charge.at <= ends]


def _walk(world: World, walks: int, *, same_each_time: bool = False) -> list[int]:
    walked: list[int] = []
    bound: Any = type("Walk", (Walk,), {"world": world, "walked": walked})
    run_state_machine_as_test(
        bound,
        settings=settings(
            max_examples=walks,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=same_each_time,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return walked


def test_no_walk_gets_one_guess_more_than_the_budgets(quiet_world: World) -> None:
    walked = _walk(quiet_world, WALKS)
    assert len(walked) >= WALKS
    assert sum(walked) > WALKS
    record(
        Figure(
            "I4",
            "random walks of scans, guesses, crashes, unlocks, codes and jumps of the clock beyond a budget, sqlite",
            len(walked),
            0,
            "a charge that is not counted is found (the test beside it)",
        )
    )


@pytest.mark.parametrize("weaker", ["_charge_life", "_charge_day", "wait_after"])
def test_a_budget_that_is_not_kept_is_found_by_a_walk(
    quiet_world: World, monkeypatch: pytest.MonkeyPatch, weaker: str
) -> None:
    # the negative controls: each budget left out in turn
    if weaker == "wait_after":
        monkeypatch.setattr(type(RULES), weaker, lambda *_: None)
    else:
        monkeypatch.setattr(pin_store, weaker, lambda *_: True)
    with pytest.raises(AssertionError):
        _walk(quiet_world, 60, same_each_time=True)
