"""A role given to a role-assignable group is held by its members, and by nobody else."""

import sqlalchemy as sa

from badgepin.domain import directory_role as roles
from badgepin.store import tables
from tests.graph.world import ROLE_GROUP, START, TENANT, World, guid


def _give_group(world: World, role: str) -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid("group assignment"),
        "principal_id": ROLE_GROUP,
        "role_definition_id": role,
        "administrative_unit_id": "",
        "created_at": START,
    }
    world.transact(lambda tx: tx.execute(sa.insert(tables.role_assignments).values(row)))


def test_members_hold_the_group_s_role_and_others_do_not(world: World) -> None:
    world.create_method()
    path = world.method_path("worker")
    assert world.request("GET", path, token=world.person("role_group_member")).status_code == 403
    _give_group(world, roles.AUTHENTICATION_ADMINISTRATOR)
    assert world.request("GET", path, token=world.person("role_group_member")).status_code == 200
    for name in ("helpdesk_administrator", "password_administrator", "user_administrator"):
        assert world.request("GET", path, token=world.person(name)).status_code == 403


def test_a_group_s_role_makes_only_its_members_administrators(world: World) -> None:
    world.create_method()
    world.create_method("role_group_member")
    _give_group(world, roles.GLOBAL_ADMINISTRATOR)
    manager = world.person("manager")
    assert world.request("GET", world.method_path("worker"), token=manager).status_code == 200
    admin = world.person("authentication_administrator")
    assert world.request("DELETE", world.method_path("role_group_member"), token=admin).status_code == 403
    assert world.request("DELETE", world.method_path("worker"), token=admin).status_code == 204


def test_a_group_that_is_not_for_roles_passes_none_on(world: World) -> None:
    world.create_method()
    _give_group(world, roles.GLOBAL_ADMINISTRATOR)
    world.transact(lambda tx: tx.execute(sa.update(tables.groups).values(is_assignable_to_role=False)))
    assert world.request("GET", world.method_path("worker"), token=world.person("role_group_member")).status_code == 403
