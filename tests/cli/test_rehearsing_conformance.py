"""`make conformance`: up to the suite itself, everything that it needs is there and works."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conformance.__main__ import run_suite
from conformance.checks import check
from conformance.installation import NotReady, Place, Prepared, prepare, serving
from conformance.plans import PLANS, Plan

from tests.cli.installation import badgepin, free_port

SUITE = "https://suite.invalid"


def _run(*arguments: str) -> str:
    done = badgepin(*arguments)
    if done.code != 0:
        raise NotReady(done.err)
    return done.out


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """An installation for the suite, served."""
    data = tmp_path_factory.mktemp("conformance") / "data"
    made = prepare(Place(data, f"https://localhost:{free_port()}", SUITE), _run)
    with serving(made, "127.0.0.1"):
        yield made


def test_the_server_and_every_client_of_the_plans_work(prepared: Prepared) -> None:
    lines = check(prepared, _run)
    assert len([line for line in lines if line.startswith("client ")]) == 5
    # the controls: a secret that is not the client's, and an issuer that is not ours
    client = prepared.clients["basic"]["client"]
    spoilt = {**prepared.clients, "basic": {"client": replace(client, secret=client.secret + "x")}}
    with pytest.raises(NotReady, match="cannot get tokens: 401 invalid_client"):
        check(replace(prepared, clients=spoilt), _run)
    with pytest.raises(NotReady, match="does not answer with the issuer"):
        check(replace(prepared, tenant="conformance.example"), _run)


def test_a_configuration_is_whole_and_for_the_owner_only(prepared: Prepared, tmp_path: Path) -> None:
    for plan, path in prepared.write_configurations(tmp_path):
        text = path.read_text(encoding="utf-8")
        found = json.loads(text)
        assert not [name for name in ("origin", "issuer", "client_id", "client_secret") if f"{{{name}}}" in text]
        assert found["server"]["discoveryUrl"] == prepared.discovery
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for name, client in prepared.clients[plan.name].items():
            assert found[name] == {"client_id": client.client_id, "client_secret": client.secret}
    assert len({plan.configuration()["alias"] for plan in PLANS}) == len(PLANS)


def _written(tmp_path: Path) -> list[tuple[Plan, Path]]:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(PLANS[0].configuration()), encoding="utf-8")
    return [(PLANS[0], path)]


def test_without_the_suite_one_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("CONFORMANCE_SUITE", raising=False)
    monkeypatch.delenv("CONFORMANCE_SERVER", raising=False)
    assert run_suite(_written(tmp_path)) == 2
    [missing] = capsys.readouterr().out.splitlines()
    assert "nothing of it was run: set CONFORMANCE_SUITE" in missing
    monkeypatch.setenv("CONFORMANCE_SUITE", str(tmp_path))
    monkeypatch.setenv("CONFORMANCE_SERVER", SUITE)
    with pytest.raises(NotReady, match="is CONFORMANCE_SUITE a checkout"):
        run_suite(_written(tmp_path))


def test_the_suites_runner_gets_each_plan_and_its_configuration(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # a runner that only says how it was called: what it does is the suite's own business
    runner = tmp_path / "scripts" / "run-test-plan.py"
    runner.parent.mkdir()
    said = "import json, os, sys; print('RAN', sys.argv[1], json.load(open(sys.argv[2]))['alias'], "
    runner.write_text(said + "os.environ['CONFORMANCE_SERVER']); sys.exit(3)", encoding="utf-8")
    monkeypatch.setenv("CONFORMANCE_SUITE", str(tmp_path))
    monkeypatch.setenv("CONFORMANCE_SERVER", SUITE)
    assert run_suite(_written(tmp_path)) == 3
    assert capfd.readouterr().out == f"RAN oidcc-config-certification-test-plan badgepin-config {SUITE}/\n"
