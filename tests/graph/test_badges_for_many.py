"""Badges of many people over the API: nobody's code works before its paper has arrived, and nothing is left behind.

Drawing a document takes a process of its own, so few tests get as far as that, and those go a long way.
"""

from datetime import timedelta
from typing import Any

import pytest

from badgepin.domain.badge_batch import LEASE, BatchState
from badgepin.services.badge_batch import BatchLost, hold
from badgepin.services.own_acts import own_call
from badgepin.store import batch_tables, tables
from badgepin.store.badge_batch import list_unsettled, move
from badgepin.web.batch_keeper import look_after_batches
from tests.graph.batches import BATCHES, collect, confirm, counts, create, fetch, get, named, rows, start, wait
from tests.graph.world import OTHER_STORE, STORE, TENANT, World, guid, upn

PEOPLE = ("worker", "colleague", "guest")


def _codes(world: World) -> list[tuple[bool, bool]]:
    """Of each code: whether it came alive, whether it was revoked."""
    return [(row["activated_at"] is not None, row["revoked_at"] is not None) for row in world.rows(tables.qr_codes)]


def _works(world: World, name: str) -> bool:
    state = world.request("GET", f"/badgepin/people/{guid(name)}", token=world.admin).json()["badgeState"]
    return bool(state == "active")


def _without_badge(world: World, name: str) -> None:
    """Somebody who has a PIN and no badge: their batch draws no slips."""
    world.create_method(name)
    gone = world.request("DELETE", world.method_path(name, "/standardQRCode"), token=world.admin)
    assert gone.status_code == 204


def test_codes_work_once_their_documents_are_confirmed_and_not_before(world: World) -> None:
    begun = create(world, named(*PEOPLE))
    key = begun["documentKey"]
    done = wait(world, begun)
    assert (done["status"], done["percentComplete"], done["collection"]) == ("succeeded", 100, "ready")
    assert counts(done) == {"waiting": 3}
    assert [document["id"] for document in done["documents"]] == ["badges-1", "pinSlips-1"]
    for wrong in ("", "x", key[:-2]):
        answer = fetch(world, begun, "badges-1", wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "documentKeyRequired")
    stranger = world.person("global_administrator")
    assert get(world, begun, stranger)["status"] == "succeeded"
    assert fetch(world, begun, "badges-1", key, stranger).status_code == 404
    assert confirm(world, begun, key, {}, stranger).status_code == 404
    assert fetch(world, begun, "badges-2", key).status_code == 404
    documents = collect(world, begun, key)
    assert all(content.startswith(b"%PDF") for content in documents.values())
    # a connection may break: the same again, until it is confirmed
    assert collect(world, begun, key) == documents
    for broken in (documents | {"badges-1": documents["badges-1"][:-1]}, {"badges-1": documents["badges-1"]}, {}):
        answer = confirm(world, begun, key, broken)
        assert (answer.status_code, "did not arrive whole" in answer.text) == (400, True)
    assert not any(_works(world, name) for name in PEOPLE)
    world.clock.move(minutes=59)
    world.run(look_after_batches(world.installation))
    confirmed = confirm(world, begun, key, documents)
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json()["collection"] == "confirmed"
    assert counts(confirmed.json()) == {"working": 3}
    assert all(_works(world, name) for name in PEOPLE)
    assert fetch(world, begun, "badges-1", key).status_code == 410
    # whoever did not hear the answer asks again
    assert confirm(world, begun, key, documents).json()["collection"] == "confirmed"
    assert world.rows(batch_tables.badge_batch_pieces) == []
    recorded = [row["activity"] for row in world.rows(tables.audit_events) if row["target_kind"] == "Batch"]
    fetched = recorded.count("Download QR codes of many users")
    assert (fetched, len(recorded) - fetched) == (4, 2)


def test_what_nobody_confirms_within_the_hour_is_revoked_and_says_so(world: World) -> None:
    _without_badge(world, "guest")
    begun = create(world, named(*PEOPLE))
    wait(world, begun)
    documents = collect(world, begun, begun["documentKey"])
    # meanwhile somebody gave one of them a PIN by hand: that one is not the batch's any more
    assert world.request("PATCH", world.method_path("worker", "/pin"), token=world.admin, json={}).status_code == 201
    world.clock.move(minutes=61)
    world.run(look_after_batches(world.installation))
    ended = get(world, begun)
    assert (ended["status"], ended["collection"]) == ("failed", "expired")
    assert "within the hour" in ended["message"]
    assert counts(ended) == {"takenBack": 3}
    assert not any(alive and not revoked for alive, revoked in _codes(world))
    assert {row["user_id"] for row in world.rows(tables.pins)} == {guid("worker"), guid("guest")}
    assert confirm(world, begun, begun["documentKey"], documents).status_code == 410
    assert world.rows(batch_tables.badge_batch_pieces) == []
    events = world.rows(tables.audit_events)
    told = [row["result"] for row in events if row["activity"] == "Hand out QR codes of many users"]
    assert told == ["failure"]
    each = [row["result_reason"] for row in events if "never handed out" in row["result_reason"]]
    assert sorted(text.split(" ")[1] for text in each) == ["removed", "revoked", "revoked", "revoked"]


def test_of_two_batches_for_the_same_people_each_person_is_in_one(world: World) -> None:
    people = ("worker", "colleague")
    for name in people:
        _without_badge(world, name)
    # both are seen before either begins: else a quick first one leaves nobody for the second
    seen = [create(world, named(*people), dryRun=True) for _ in range(2)]
    begun = [start(world, each, each["previewToken"]).json() for each in seen]
    waiting = [counts(wait(world, each)).get("waiting", 0) for each in begun]
    assert sum(waiting) == 2
    late = create(world, named(*people), dryRun=True)
    assert counts(late, "announced") == {"inAnotherBatch": 2}
    for each, number in zip(begun, waiting, strict=True):
        if number:
            documents = collect(world, each, each["documentKey"])
            assert confirm(world, each, each["documentKey"], documents).status_code == 200
    assert all(_works(world, name) for name in people)


def test_a_cancelled_batch_leaves_no_code_no_pin_and_no_document(world: World) -> None:
    begun = create(world, named(*PEOPLE))
    cancelled = world.request("POST", f"{BATCHES}/{begun['id']}/cancel", token=world.admin)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    wait(world, begun)
    world.run(look_after_batches(world.installation))
    ended = get(world, begun)
    assert ended["collection"] == "revoked"
    assert ended["settledDateTime"] is not None
    assert all(revoked and not alive for alive, revoked in _codes(world))
    assert world.rows(tables.pins) == []
    assert world.rows(batch_tables.badge_batch_pieces) == []
    assert world.request("POST", f"{BATCHES}/{begun['id']}/cancel", token=world.admin).status_code == 400


def test_a_batch_whose_node_fell_silent_is_ended_and_a_node_that_wakes_up_writes_nothing_more(world: World) -> None:
    seen = create(world, named("worker"), dryRun=True)
    values = {"holder": guid("node"), "lease_ends_at": world.clock.now + LEASE}
    planned, running = [BatchState.PLANNED], BatchState.RUNNING
    assert world.transact(lambda tx: move(tx, TENANT, seen["id"], planned, running, values))
    call = own_call(TENANT, world.clock.now)
    world.transact(lambda tx: hold(tx, call, seen["id"], guid("node")))
    with pytest.raises(BatchLost):
        world.transact(lambda tx: hold(tx, call, seen["id"], guid("another node")))
    world.clock.move(seconds=LEASE / timedelta(seconds=1) - 1)
    world.run(look_after_batches(world.installation))
    assert get(world, seen)["status"] == "running"
    world.clock.move(seconds=2)
    world.run(look_after_batches(world.installation))
    ended = get(world, seen)
    assert (ended["status"], ended["message"]) == ("failed", "The server stopped while it worked on this batch.")
    assert counts(ended) == {"notDone": 1}
    assert world.transact(list_unsettled) == []
    with pytest.raises(BatchLost):
        world.transact(lambda tx: hold(tx, call, seen["id"], guid("node")))


def test_a_dry_run_changes_nothing_and_announces_what_then_happens(world: World) -> None:
    world.create_method("colleague")
    wanted = {"userIds": [guid("worker"), upn("colleague"), upn("guest"), "nobody@contoso.example"]}
    seen = create(world, wanted, dryRun=True)
    assert seen["status"] == "notStarted"
    assert counts(seen, "announced") == {"badgeAndPin": 2, "hasBadge": 1, "notFound": 1}
    assert counts(seen) == {"planned": 2, "skipped": 2}
    assert len(world.rows(tables.qr_codes)) == 1
    found = {row["named"]: (row["announced"], row["result"]) for row in rows(world, seen)}
    assert found[upn("colleague")] == ("hasBadge", "skipped")
    assert found[guid("worker")] == ("badgeAndPin", "planned")


def test_what_was_seen_can_be_started_once_and_for_fifteen_minutes(world: World) -> None:
    world.create_method("worker")
    first, second = (create(world, named("worker"), kind="revoke", dryRun=True) for _ in range(2))
    assert start(world, first, second["previewToken"]).status_code == 400
    assert start(world, first, first["previewToken"]).status_code == 202
    assert start(world, first, first["previewToken"]).status_code == 400
    wait(world, first)
    world.clock.move(minutes=16)
    assert start(world, second, second["previewToken"]).status_code == 400


def test_revoking_ends_what_was_seen_and_nothing_that_came_since(world: World) -> None:
    for name in ("worker", "colleague", "other_store_worker"):
        world.create_method(name)
    world.create_temporary("worker")
    seen = create(world, {"unitId": STORE}, kind="revoke", dryRun=True)
    assert counts(seen, "announced") == {"revoke": 3}
    # the colleague got another badge meanwhile
    world.request("DELETE", world.method_path("colleague", "/standardQRCode"), token=world.admin)
    world.request("PATCH", world.method_path("colleague", "/standardQRCode"), token=world.admin, json={})
    started = start(world, seen, seen["previewToken"])
    assert started.status_code == 202
    assert "documentKey" not in started.json()
    done = wait(world, seen)
    assert (done["status"], done["collection"], counts(done)) == ("succeeded", "none", {"problem": 1, "revoked": 2})
    assert not _works(world, "worker")
    assert _works(world, "colleague")
    assert _works(world, "other_store_worker")
    events = [row["activity"] for row in world.rows(tables.audit_events)]
    assert events.count("Revoke QR codes of many users") == 1
    assert events.count("Admin deleted security info") == 3


def test_only_codes_of_a_kind_and_before_a_moment_are_revoked(world: World) -> None:
    world.create_method("worker")
    world.clock.move(hours=1)
    world.create_method("colleague")
    world.create_temporary("worker")
    before = {"issuedBeforeDateTime": world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    for wanted, number in ((before, 1), ({"codeKinds": ["standard"]}, 2), ({"codeKinds": ["temporary"]}, 1), ({}, 3)):
        seen = create(world, {"everybody": True, **wanted}, kind="revoke", dryRun=True)
        assert counts(seen, "announced") == {"revoke": number}, wanted


def test_a_manager_reaches_their_own_store_never_themselves_and_no_administrator(world: World) -> None:
    manager = world.person("manager")
    assert counts(create(world, {"unitId": STORE}, manager, dryRun=True), "announced") == {"badgeAndPin": 2}
    everybody = create(world, {"allWithoutMethod": True}, manager, dryRun=True)
    assert {row["userId"] for row in rows(world, everybody, manager)} == {guid("worker"), guid("colleague")}
    for unit in (OTHER_STORE, guid("nowhere")):
        answer = world.request("POST", BATCHES, token=manager, json={"unitId": unit, "dryRun": True})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    named_ = ("other_store_worker", "nobody at all", "manager", "helpdesk_administrator")
    seen = create(world, named(*named_), manager, dryRun=True)
    told = [(row["announced"], row["userId"], row["userDisplayName"]) for row in rows(world, seen, manager)]
    assert told[0] == told[1] == ("notFound", None, None)
    assert [fate for fate, _, _ in told[2:]] == ["notPermitted", "notPermitted"]
    begun = start(world, seen, seen["previewToken"], manager)
    assert "nobody in this batch" in begun.json()["error"]["message"]
    # what an administrator does is no business of a store's manager
    of_admin = create(world, named("other_store_worker"), dryRun=True)
    for verb, below in (("GET", ""), ("GET", "/rows"), ("POST", "/cancel"), ("POST", "/start"), ("POST", "/confirm")):
        body = {"previewToken": of_admin["previewToken"], "documents": []} if verb == "POST" else None
        there, nowhere = (
            world.request(verb, f"{BATCHES}/{batch}{below}", token=manager, json=body)
            for batch in (of_admin["id"], guid("no batch"))
        )
        assert there.status_code == nowhere.status_code == 404, below
    listed = world.request("GET", BATCHES, token=manager).json()["value"]
    assert of_admin["id"] not in {batch["id"] for batch in listed}
    assert {batch["id"] for batch in listed} >= {everybody["id"], seen["id"]}


@pytest.mark.parametrize("name", ["worker", "global_reader"])
def test_who_may_not_issue_badges_gets_no_batch(world: World, name: str) -> None:
    answer = world.request("POST", BATCHES, token=world.person(name), json={"unitId": STORE, "dryRun": True})
    if name == "worker":
        assert answer.status_code == 403
    else:
        assert not {"badge", "badgeAndPin"} & set(counts(answer.json(), "announced"))


def test_whoever_only_reads_cannot_stop_what_somebody_else_began(world: World) -> None:
    batch = create(world, named("worker"), dryRun=True)
    cancel = f"{BATCHES}/{batch['id']}/cancel"
    for reader in ("global_reader", "authentication_administrator"):
        assert get(world, batch, world.person(reader))["status"] == batch["status"]
        assert world.request("POST", cancel, token=world.person(reader)).status_code == 403
    assert world.request("POST", cancel, token=world.person("global_administrator")).status_code == 200


def test_what_somebody_was_given_beside_a_code_that_never_came_alive_is_left_alone(world: World) -> None:
    world.create_method("worker")
    world.transact(lambda tx: tx.execute(tables.qr_codes.update().values(activated_at=None)))
    path = f"/badgepin/people/{guid('worker')}/replacement"
    assert world.request("POST", path, token=world.admin, json={}).status_code == 201
    seen = create(world, named("worker"), dryRun=True)
    assert counts(seen, "announced") == {"hasBadge": 1}


def test_a_batch_whose_first_badges_work_cannot_be_cancelled(world: World) -> None:
    _without_badge(world, "worker")
    begun = create(world, named("worker"))
    wait(world, begun)
    row = batch_tables.badge_batch_rows
    world.transact(lambda tx: tx.execute(row.update().values(result="working")))
    refused = world.request("POST", f"{BATCHES}/{begun['id']}/cancel", token=world.admin)
    assert "work already" in refused.json()["error"]["message"]
    assert get(world, begun)["status"] == "succeeded"


def test_our_own_operations_have_an_address_of_their_own(world: World) -> None:
    seen = create(world, named("worker"), dryRun=True)
    for path in (f"/badgepin/v1/batches/{seen['id']}", f"/v1.0/badgepin/batches/{seen['id']}"):
        answer = world.request("GET", path, token=world.admin, plain=True)
        assert answer.json()["id"] == seen["id"], path


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Choose in one way"),
        ({"userIds": []}, "Choose in one way"),
        ({"userIds": ["x"], "unitId": STORE}, "Choose in one way"),
        ({"everybody": True}, "choose 'allWithoutMethod' or 'endsWithinDays'"),
        ({"kind": "bake", "unitId": STORE}, "There is no kind 'bake'"),
        ({"kind": "revoke", "unitId": STORE}, "Look first"),
        ({"unitId": STORE, "paper": {"layout": "cr81"}}, "There is no layout 'cr81'"),
        ({"unitId": STORE, "paper": {"layout": "cr80-a4", "startingLabel": 11}}, "'startingLabel' must be 1 to 10"),
        ({"unitId": STORE, "paper": {"dotsPerInch": 72}}, "'dotsPerInch' must be one of"),
        ({"unitId": STORE, "expireDateTime": "2036-01-01T00:00:00Z"}, "lifetime exceeds"),
        ({"unitId": guid("nowhere")}, "does not exist"),
        ({"groupId": guid("nowhere")}, "does not exist"),
        ({"unitId": STORE, "endsWithinDays": -1}, "'endsWithinDays' must be"),
        ({"kind": "revoke", "dryRun": True, "unitId": STORE, "codeKinds": ["gold"]}, "'codeKinds' must be"),
        ({"userIds": ["nobody@contoso.example"]}, "nobody in this batch"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    world: World, body: dict[str, Any], said: str
) -> None:
    answer = world.request("POST", BATCHES, token=world.admin, json=body)
    assert answer.status_code in {400, 404}, answer.text
    assert said in answer.json()["error"]["message"]
    assert world.rows(tables.qr_codes) == []
