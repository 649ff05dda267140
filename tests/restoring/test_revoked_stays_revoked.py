"""A restore brings nothing back that was ended after the backup, and closes what was open before it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from badgepin.crypto.revocation_journal import JournalRefused
from badgepin.reference_client import Refused, SignedIn
from badgepin.store.node import current_epoch
from badgepin.store.tables import pin_locks, pins, users
from badgepin.web.journal_keeper import JournalKeeper
from tests.figures import Figure, record
from tests.graph.world import APPLICATION, CLIENT, PRINCIPAL, World, upn
from tests.portal.screen import CHOSEN, PATH, Screen, Till, badge_of, settled_badge
from tests.restoring.conftest import Site

USERS = "User.ReadWrite.All"


def _delete(name: str, path: str) -> Callable[[World], Any]:
    return lambda world: world.request("DELETE", world.method_path(name, path), token=world.admin)


# each by somebody else, so that one backup tries them all
ENDS: dict[str, Callable[[World], Any]] = {
    "worker": _delete("worker", "/standardQRCode"),
    "colleague": _delete("colleague", ""),
    "other_store_worker": lambda world: world.request(
        "PATCH", world.method_path("other_store_worker", "/pin"), token=world.admin, json={}
    ),
    "manager": lambda world: world.request(
        "PATCH", f"/users/{upn('manager')}", token=world.application(USERS), json={"accountEnabled": False}
    ),
    "role_group_member": lambda world: world.request(
        "DELETE", f"/users/{upn('role_group_member')}", token=world.application(USERS)
    ),
}


def _signs_in(world: World, badge: str) -> bool:
    return isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)


def test_what_was_ended_after_the_backup_stays_ended(site: Site) -> None:
    badges = {name: settled_badge(site.world, name) for name in ENDS}
    backup = site.backup()
    for name, end in ENDS.items():
        answer = end(site.world)
        assert answer.status_code < 300, (name, answer.text)
        assert not _signs_in(site.world, badges[name]), name

    world, control = site.restore(backup), site.restore(backup, replayed=False)
    resurrected = [name for name in ENDS if _signs_in(world, badges[name])]
    assert [name for name in ENDS if _signs_in(control, badges[name])] == list(ENDS), "the control must bring them back"
    assert resurrected == []
    record(
        Figure(
            f"I13 ({site.world.installation.database.dialect})",
            "a code, method, PIN or person ended after a backup, which is then restored",
            len(ENDS),
            len(resurrected),
            control="the journal not replayed: each works again",
        )
    )


def test_a_restored_badge_that_nobody_revoked_still_works(site: Site) -> None:
    badge = settled_badge(site.world)
    assert _signs_in(site.restore(site.backup()), badge)


def test_a_new_badge_after_the_revoked_one_is_not_lost_with_it(site: Site) -> None:
    settled_badge(site.world)
    assert ENDS["worker"](site.world).status_code == 204
    site.world.clock.move(seconds=1)
    path = site.world.method_path("worker", "/standardQRCode")
    new = badge_of(site.world.request("PATCH", path, token=site.world.admin, json={}).json())
    assert _signs_in(site.restore(site.backup()), new)


def test_sessions_tokens_and_temporary_codes_of_before_die(site: Site) -> None:
    world, screen, till = site.world, Screen(site.world), Till(site.world)
    tokens = till.tokens(screen, settled_badge(world))
    assert screen.get(f"{PATH}/done").status == 200
    world.create_method("colleague")
    temporary = badge_of(world.create_temporary("colleague"))
    assert world.request("GET", "/me", token=tokens["access_token"]).status_code == 200

    restored = site.restore(site.backup())
    screen.world = restored
    assert restored.transact(current_epoch) == 1
    assert screen.get(f"{PATH}/done").status != 200
    assert restored.request("GET", "/me", token=tokens["access_token"]).status_code == 401
    assert till.refresh(screen, tokens["refresh_token"]).status == 400
    assert isinstance(Screen(restored).scan(temporary), Refused)


def test_an_end_that_was_moved_nearer_stays_there_under_a_right_mac(site: Site) -> None:
    badge = settled_badge(site.world)
    backup = site.backup()
    path, soon = site.world.method_path("worker", "/standardQRCode"), "2026-11-25T09:00:00Z"
    moved = site.world.request("PATCH", path, token=site.world.admin, json={"expireDateTime": soon})
    assert moved.status_code == 200, moved.text

    restored = site.restore(backup)
    # tokens of before are dead; this is a new one
    may = {"roles": ["UserAuthenticationMethod.ReadWrite.All"], "idtyp": "app", "oid": PRINCIPAL, "sub": PRINCIPAL}
    kept = restored.request("GET", path, token=restored.token(**may, gen=10_001, cgen=10_001))
    assert kept.json().get("expireDateTime") == soon, kept.text
    assert _signs_in(restored, badge)
    restored.clock.move(days=3)
    assert not _signs_in(restored, badge)


def test_failures_and_waits_are_the_larger_of_backup_and_journal(site: Site) -> None:
    badge = settled_badge(site.world)
    backup = site.backup()
    for _ in range(5):
        assert isinstance(Screen(site.world).sign_in(badge, "11112222"), Refused)
    (failed,), (locked,) = site.world.rows(pins), site.world.rows(pin_locks)

    restored = site.restore(backup)
    (pin,), (lock,) = restored.rows(pins), restored.rows(pin_locks)
    assert pin["life_failures"] == failed["life_failures"] == 5
    assert lock["locked_until"] == locked["locked_until"] > restored.clock()
    assert not _signs_in(restored, badge)


def test_a_secret_that_was_removed_after_the_backup_opens_nothing(site: Site) -> None:
    may = site.world.application("Application.ReadWrite.All")
    made = site.world.request("POST", f"/applications/{APPLICATION}/addPassword", token=may, json={}).json()
    backup = site.backup()
    body = {"keyId": made["keyId"]}
    assert (
        site.world.request("POST", f"/applications/{APPLICATION}/removePassword", token=may, json=body).status_code
        == 204
    )
    restored = site.restore(backup)
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": made["secretText"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = Screen(restored).post_form("/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token", form)
    assert answer.status != 200


def test_a_database_from_the_past_is_found_out_at_the_start(site: Site) -> None:
    badge = settled_badge(site.world, "manager")
    site.mark()
    backup = site.backup()
    assert ENDS["manager"](site.world).status_code == 204
    site.mark()
    # somebody puts the old database back by hand, around `badgepin restore`
    old = site.restore(backup, replayed=False)
    old.transact(lambda tx: tx.execute(users.update().values(account_enabled=True)))
    url = old.installation.settings.database_url

    started = site.open(url, starts=True)
    assert started.installation.epoch.number == 2
    assert not _signs_in(started, badge)
    again = site.open(url, starts=True)
    assert again.installation.epoch.number == 2, "once is enough"


def test_an_ordinary_start_ends_nothing(site: Site) -> None:
    badge = settled_badge(site.world)
    site.mark()
    world = site.open(site.world.installation.settings.database_url, starts=True)
    assert world.installation.epoch.number == 0
    assert _signs_in(world, badge)


def test_a_method_made_where_one_had_ended_outlives_the_next_start(site: Site) -> None:
    settled_badge(site.world)
    assert ENDS["worker"](site.world).status_code == 204
    site.world.clock.move(seconds=1)
    new = site.world.create_method()["standardQRCode"]["id"]
    # no mark since: a crash, and every end is repeated
    started = site.open(site.world.installation.settings.database_url, starts=True)
    found = started.request("GET", started.method_path("worker", "/standardQRCode"), token=started.admin)
    assert (found.status_code, found.json().get("id")) == (200, new)


def test_an_older_copy_of_the_journal_stops_the_start(site: Site) -> None:
    settled_badge(site.world)
    older = site.journal.path.read_bytes()
    assert ENDS["worker"](site.world).status_code == 204
    site.world.run(JournalKeeper(site.world.installation, site.journal).mark(settled=timedelta(0)))
    site.journal.path.write_bytes(older)
    with pytest.raises(JournalRefused, match="newest copy"):
        site.open(site.world.installation.settings.database_url, starts=True)
