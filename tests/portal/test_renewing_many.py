"""Renewing many badges before they end: the old ones work until the new ones are first used, whatever becomes of these.

Drawing a document takes a process of its own, so few tests get as far as that, and those go a long way.
"""

from collections.abc import Mapping

import msgspec
import pypdfium2

from badgepin.reference_client import SignedIn
from badgepin.store import tables
from badgepin.web.batch_keeper import look_after_batches
from tests.graph.batches import BATCHES, collect, confirm, counts, create, get, named, rows, start, wait
from tests.graph.world import World, guid
from tests.portal.screen import CHOSEN, Screen, settled_badge
from tests.printing.paper import rendered, symbols

ENDING = {"endsWithinDays": 30}
PEOPLE = ("worker", "colleague", "guest")


def _almost_a_year(world: World) -> dict[str, str]:
    """Badges of three people who chose their PINs, twenty days before these badges end."""
    badges = {name: settled_badge(world, name) for name in PEOPLE}
    world.clock.move(days=345)
    return badges


def _opens(world: World, badge: str) -> bool:
    return isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)


def _replace(world: World, name: str, below: str = "") -> int:
    path = f"/badgepin/people/{guid(name)}/replacement{below}"
    return world.request("POST", path, token=world.admin, json={}).status_code


def _pins(world: World) -> set[tuple[str, int]]:
    return {(row["id"], row["version"]) for row in world.rows(tables.pins)}


def _drawn(documents: Mapping[str, bytes]) -> list[str]:
    return [text for page in pypdfium2.PdfDocument(documents["badges-1"]) for text in symbols(rendered(page, 200))]


def test_new_badges_take_over_one_by_one_once_their_paper_is_there_and_no_pin_changes(world: World) -> None:
    old, pins = _almost_a_year(world), _pins(world)
    assert _replace(world, "guest") == 201
    begun = create(world, ENDING)
    done = wait(world, begun)
    assert counts(done, "announced") == {"replacement": 2, "hasReplacement": 1}
    assert counts(done) == {"waiting": 2, "skipped": 1}
    assert [document["id"] for document in done["documents"]] == ["badges-1"]
    late = create(world, ENDING, dryRun=True)
    assert counts(late, "announced") == {"inAnotherBatch": 2, "hasReplacement": 1}
    documents = collect(world, begun, begun["documentKey"])
    new = _drawn(documents)
    assert len(new) == 2
    # on paper already, and yet they open nothing and end nothing
    assert not any(_opens(world, badge) for badge in new)
    assert _replace(world, "worker", "/complete") == 400
    assert all(_opens(world, badge) for badge in old.values())

    confirmed = confirm(world, begun, begun["documentKey"], documents)

    assert counts(confirmed.json()) == {"working": 2, "skipped": 1}
    assert all(_opens(world, badge) for badge in old.values())
    assert _opens(world, new[0])
    assert sum(_opens(world, badge) for badge in old.values()) == 2
    assert _pins(world) == pins


def test_a_batch_given_up_leaves_the_old_badges_and_whoever_changed_since_gets_what_they_need(world: World) -> None:
    old, pins = _almost_a_year(world), _pins(world)
    seen = create(world, named(*PEOPLE) | ENDING, dryRun=True)
    assert counts(seen, "announced") == {"replacement": 3}
    for name in ("worker", "colleague"):
        world.request("DELETE", world.method_path(name, "/standardQRCode"), token=world.admin)
    world.request("PATCH", world.method_path("colleague", "/standardQRCode"), token=world.admin, json={})
    started = start(world, seen, seen["previewToken"])
    assert started.status_code == 202
    done = wait(world, seen)
    found = {row["userId"]: (row["result"], row["problem"]) for row in rows(world, seen)}
    assert found == {
        guid("worker"): ("waiting", None),
        guid("colleague"): ("problem", "hasBadge"),
        guid("guest"): ("waiting", None),
    }
    kept = {row["user_id"]: row["is_replacement"] for row in world.rows(tables.qr_codes) if not row["activated_at"]}
    assert kept == {guid("worker"): False, guid("guest"): True}
    assert [document["id"] for document in done["documents"]] == ["badges-1"]

    assert world.request("POST", f"{BATCHES}/{seen['id']}/cancel", token=world.admin).status_code == 200
    world.run(look_after_batches(world.installation))

    assert counts(get(world, seen)) == {"takenBack": 2, "problem": 1}
    assert all(row["activated_at"] or row["revoked_at"] for row in world.rows(tables.qr_codes))
    assert _opens(world, old["guest"])
    assert _pins(world) == pins
    # nothing waits any more, so the next batch may
    assert counts(create(world, named("guest") | ENDING, dryRun=True), "announced") == {"replacement": 1}


def test_only_a_batch_that_renews_gives_a_second_badge_and_only_for_those_that_end(world: World) -> None:
    _almost_a_year(world)
    assert counts(create(world, named(*PEOPLE), dryRun=True), "announced") == {"hasBadge": 3}
    early = create(world, named(*PEOPLE) | {"endsWithinDays": 10}, dryRun=True)
    assert counts(early, "announced") == {}
    settings = msgspec.structs.replace(world.installation.settings, replacement_overlap=False)
    object.__setattr__(world.installation, "settings", settings)
    assert counts(create(world, ENDING, dryRun=True), "announced") == {"hasBadge": 3}
