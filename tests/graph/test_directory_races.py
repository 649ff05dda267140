"""Two changes of the directory at the same moment: neither swallows the other."""

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from badgepin.domain import directory_role as roles
from badgepin.store import tables
from badgepin.store import user as store
from badgepin.store.lock import Lock
from tests.graph.world import World, guid

ROUNDS = 8


def _token(world: World) -> str:
    return world.application("User.ReadWrite.All", "Group.ReadWrite.All")


def _together(world: World, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
    async def send() -> list[httpx.Response]:
        token = _token(world)
        return await asyncio.gather(*(world.send(verb, path, token=token, json=body) for verb, path, body in requests))

    return world.run(send())


def _group(world: World, name: str) -> str:
    answer = world.request("POST", "/groups", token=_token(world), json={"displayName": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _reference(identifier: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{identifier}"}


def _lost_changes(world: World) -> int:
    """How often somebody just disabled was enabled again by a change of their job title."""
    path, lost = f"/users/{guid('worker')}", 0
    for number in range(ROUNDS):
        world.request("PATCH", path, token=_token(world), json={"accountEnabled": True})
        titles = [("PATCH", path, {"jobTitle": f"Title {number}.{one}"}) for one in range(4)]
        answers = _together(world, *titles[:2], ("PATCH", path, {"accountEnabled": False}), *titles[2:])
        assert [answer.status_code for answer in answers] == [204] * 5
        (row,) = (row for row in world.rows(tables.users) if row["id"] == guid("worker"))
        lost += row["account_enabled"]
    return lost


def test_disabling_somebody_survives_every_other_change_made_meanwhile(world: World) -> None:
    assert _lost_changes(world) == 0


def test_without_the_lock_a_disabled_person_comes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(statement: sa.Select[Any], _: Lock) -> sa.Select[Any]:
        return statement

    monkeypatch.setattr(store, "locked", unlocked)
    # the one writer of SQLite needs no lock
    assert (_lost_changes(world) > 0) == (world.installation.database.dialect == "postgresql")


def test_two_groups_cannot_swallow_each_other(world: World) -> None:
    for number in range(ROUNDS):
        first, second = _group(world, f"First {number}"), _group(world, f"Second {number}")
        answers = _together(
            world,
            ("POST", f"/groups/{first}/members/$ref", _reference(second)),
            ("POST", f"/groups/{second}/members/$ref", _reference(first)),
        )
        assert sorted(answer.status_code for answer in answers) == [204, 400]


def test_somebody_removed_while_they_join_is_nowhere(world: World) -> None:
    group = _group(world, "Group")
    for number in range(ROUNDS):
        body = {"userPrincipalName": f"short{number}@contoso.example", "displayName": "Short-lived"}
        made = world.request("POST", "/users", token=_token(world), json=body).json()["id"]
        joined, removed = _together(
            world, ("POST", f"/groups/{group}/members/$ref", _reference(made)), ("DELETE", f"/users/{made}", None)
        )
        assert removed.status_code == 204
        assert joined.status_code in {204, 404}
        assert world.rows(tables.group_members) == [
            row for row in world.rows(tables.group_members) if row["member_id"] != made
        ]


def test_of_parallel_joins_exactly_one_succeeds(world: World) -> None:
    group = _group(world, "Group")
    request = ("POST", f"/groups/{group}/members/$ref", _reference(guid("worker")))
    statuses = [answer.status_code for answer in _together(world, *[request] * 12)]
    assert sorted(statuses) == [204] + [400] * 11


def test_a_group_removed_while_somebody_joins_is_gone_and_never_an_error(world: World) -> None:
    for number in range(ROUNDS):
        group = _group(world, f"Group {number}")
        joined, removed = _together(
            world,
            ("POST", f"/groups/{group}/members/$ref", _reference(guid("worker"))),
            ("DELETE", f"/groups/{group}", None),
        )
        assert removed.status_code == 204
        assert joined.status_code in {204, 404}


def test_a_role_given_while_its_holder_is_removed_is_held_by_nobody(world: World) -> None:
    token = world.application("User.ReadWrite.All", "RoleManagement.ReadWrite.Directory")
    for number in range(ROUNDS):
        body = {"userPrincipalName": f"brief{number}@contoso.example", "displayName": "Brief"}
        made = world.request("POST", "/users", token=token, json=body).json()["id"]
        role = {"principalId": made, "roleDefinitionId": roles.GLOBAL_READER, "directoryScopeId": "/"}

        async def both(made: str = made, role: dict[str, str] = role) -> list[httpx.Response]:
            giving = world.send("POST", "/roleManagement/directory/roleAssignments", token=token, json=role)
            return list(await asyncio.gather(giving, world.send("DELETE", f"/users/{made}", token=token)))

        given, removed = world.run(both())
        assert given.status_code in {201, 404}
        # whoever holds a role is an administrator, whom this caller may remove as well: it is an application
        assert removed.status_code == 204
        assert not [row for row in world.rows(tables.role_assignments) if row["principal_id"] == made]
