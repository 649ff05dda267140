"""What is counted, and that no count ever names anybody."""

import re

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from badgepin.portal.step import refuse_unproven
from badgepin.reference_client import Proven, SignedIn
from badgepin.store.tables import pins, qr_codes, users
from badgepin.web import metrics
from badgepin.web.probe import probe
from badgepin.web.vitals import Vitals
from tests.architecture.tree import ROOT
from tests.graph.world import TENANT, World
from tests.portal.screen import CHOSEN, PATH, Screen, badge_of, settled_badge

WRONG = "11112222"
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def _exposed(world: World) -> str:
    return generate_latest(world.installation.metrics.registry).decode()


def _count(world: World, name: str, **labels: str) -> float:
    found = world.installation.metrics.registry.get_sample_value(name, labels)
    return 0.0 if found is None else found


def test_sign_ins_charges_and_lockouts_are_counted_by_how_they_ended(world: World) -> None:
    badge = settled_badge(world)
    assert isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)
    for _ in range(6):
        Screen(world).sign_in(badge, WRONG)
    assert _count(world, "badgepin_sign_ins_total", outcome="signedIn") == 2
    assert _count(world, "badgepin_sign_ins_total", outcome="wrongPin") == 4
    assert _count(world, "badgepin_sign_ins_total", outcome="pinLocked") == 2
    assert _count(world, "badgepin_lockouts_total", kind="wait") == 1
    charged = sum(_count(world, "badgepin_pin_charges_total", outcome=way) for way in ("charged", "under_lock"))
    assert charged == 7


def test_a_replayed_challenge_and_a_wrong_signature_are_counted_apart(world: World, screen: Screen) -> None:
    assert isinstance(screen.scan(settled_badge(world)), Proven)
    proof = next(sent for sent in reversed(screen.sent) if f"{PATH}/proof".encode() in sent)
    body = proof[proof.index(b'{"request"') :] if b'{"request"' in proof else proof[proof.rindex(b"{") :]
    headers = {"content-type": "application/json"}
    assert world.run(screen.send("POST", f"{PATH}/proof", body, headers)).status == 403
    assert _count(world, "badgepin_badge_refusals_total", cause="replayed_challenge") == 1
    forged = re.sub(rb'"signature": ?"[^"]+"', b'"signature": "' + b"A" * 86 + b'"', body)
    assert world.run(screen.send("POST", f"{PATH}/proof", forged, headers)).status == 403
    assert _count(world, "badgepin_badge_refusals_total", cause="invalid_signature") == 1


def test_every_cause_that_the_door_gives_has_a_label_of_its_own() -> None:
    given = set()
    for file in (ROOT / "src/badgepin/portal").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        given |= set(re.findall(rf"{refuse_unproven.__name__}\(\w+(?:\._\w+)?, step, \"([^\"]+)\"", source))
        given |= set(re.findall(r"return \"((?:sent|no cookie|authorization request)[^\"]+)\"", source))
    assert len(given) > 4
    assert given <= set(metrics.CAUSES)


def test_requests_are_counted_by_the_pattern_of_their_path(world: World) -> None:
    world.request("GET", world.method_path("worker"), token=world.admin)
    world.request("GET", f"/{TENANT}/sign-in", plain=True)
    for number in range(20):
        world.request("GET", f"/nowhere/{number}/{number}", plain=True)
        world.request("GET", f"/nowhere/{number}", token=world.admin)
    world.request("BREW", "/v1.0/users", token=world.admin)
    text = _exposed(world)
    assert 'door="graph",route="/users/{user}/authentication/qrCodePinMethod",status="404",verb="GET"' in text
    assert 'door="portal",route="/{tenant}/sign-in",status="200",verb="GET"' in text
    assert not re.search(r"nowhere|BREW", text)
    assert _count(world, "badgepin_requests_total", door="none", route="none", verb="GET", status="404") == 20


def test_no_metric_holds_a_name_an_id_an_address_or_a_secret(world: World) -> None:
    created = world.create_method("worker")
    badge = badge_of(created)
    Screen(world).sign_in(badge)
    Screen(world).sign_in(badge, WRONG)
    world.run(probe(world.installation))
    vitals = Vitals(world.installation)
    world.run(vitals.look(codes=True))
    world.installation.metrics.registry.register(vitals)
    text = _exposed(world)
    assert not _GUID.search(text)
    planted = [badge, CHOSEN, WRONG, world.admin, TENANT, "127.0.0.1"]
    planted += [row["user_principal_name"] for row in world.rows(users)]
    planted += [row["display_name"] for row in world.rows(users) if len(row["display_name"]) > 6]
    planted += [row["id"] for table in (pins, qr_codes) for row in world.rows(table)]
    assert [each for each in planted if each in text] == []


def test_the_measurements_are_read_in_the_background(world: World) -> None:
    world.create_method("worker")
    world.run(probe(world.installation))
    vitals = Vitals(world.installation)
    world.run(vitals.look(codes=True))
    found = {family.name: family for family in vitals.collect()}
    assert found["badgepin_ready"].samples[0].value == 1
    ending = {sample.labels["days"]: sample.value for sample in found["badgepin_codes_ending"].samples}
    assert set(ending) == {"7", "30", "90"}
    is_postgresql = world.installation.database.dialect == "postgresql"
    assert (found["badgepin_audit_waiting_events"].samples[0].value > 0) == is_postgresql
    assert found["badgepin_database_connections"].samples[0].value > 0


def test_a_badge_refused_before_its_proof_is_no_sign_in(world: World, screen: Screen) -> None:
    headers = {"origin": "https://elsewhere.example"}
    screen.get(PATH)
    screen.headers = headers
    answer = world.run(screen.send("POST", f"{PATH}/challenge", b"{}", {"content-type": "application/json"}))
    assert answer.status == 403
    families = text_string_to_metric_families(_exposed(world))
    sign_ins = [sample for family in families for sample in family.samples if family.name == "badgepin_sign_ins"]
    assert sign_ins == []
    assert _count(world, "badgepin_badge_refusals_total", cause="other_site") == 1
