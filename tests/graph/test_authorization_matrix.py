"""Who may do what to whom, every cell: role x relation x verb x state, against the contract's tables (I16, threat 25).

The expectation is written down here from the contract's words, without a line of the code that decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from badgepin.domain import access
from badgepin.domain import directory_role as roles
from tests.figures import Figure, record
from tests.graph.world import ADMIN_SCOPES, PEOPLE, World

_READERS = {
    "global_reader",
    "authentication_administrator",
    "privileged_authentication_administrator",
    "global_administrator",
}
_OVER_EVERYBODY = {"privileged_authentication_administrator", "global_administrator"}
# whom a tenant-wide Authentication Administrator does not change: more powerful roles, and a role-assignable group
_MORE = {
    "global_administrator",
    "privileged_authentication_administrator",
    "authentication_policy_administrator",
    "global_reader",
    "helpdesk_administrator",
    "user_administrator",
    "role_group_member",
}
# the manager is an Authentication Administrator of one store, whose people with a role stay out of reach
_OF_THE_STORE = {"worker", "colleague"}
_VERBS = {"GET": ("", 200), "DELETE": ("/temporaryQRCode", 204), "PATCH": ("/temporaryQRCode", 201)}
_TEMPORARY = {"expireDateTime": "2026-11-23T17:00:00Z"}


@dataclass(frozen=True)
class Cell:
    """One caller, one target, one verb, with or without a method there."""

    caller: str
    target: str
    verb: str
    is_there: bool

    @property
    def expected(self) -> int:
        """The status that the contract asks for."""
        if not (self._may_read if self.verb == "GET" else self._may_write):
            return 403
        return _VERBS[self.verb][1] if self.is_there else 404

    @property
    def _may_read(self) -> bool:
        if self.caller == self.target or self.caller in _READERS:
            return True
        return self.caller == "manager" and self.target in _OF_THE_STORE

    @property
    def _may_write(self) -> bool:
        if self.caller == self.target or self.caller in _OVER_EVERYBODY:
            return True
        if self.caller == "authentication_administrator":
            return self.target not in _MORE
        return self.caller == "manager" and self.target in _OF_THE_STORE


def _cells() -> Iterator[Cell]:
    for caller in PEOPLE:
        for target in PEOPLE:
            # a code that was deleted is made again by the PATCH behind it, or by nobody
            yield from (Cell(caller, target, verb, is_there=True) for verb in _VERBS)
            yield from (Cell(caller, target, verb, is_there=False) for verb in ("GET", "DELETE"))


def _mismatches(world: World, cells: list[Cell]) -> list[tuple[Cell, int]]:
    found = []
    for is_there in (False, True):
        for name in {cell.target for cell in cells} if is_there else ():
            world.create_method(name)
            world.create_temporary(name)
        for cell in (each for each in cells if each.is_there is is_there):
            path = world.method_path(cell.target, _VERBS[cell.verb][0])
            body = _TEMPORARY if cell.verb == "PATCH" else None
            token = world.person(cell.caller, ADMIN_SCOPES)
            status = world.request(cell.verb, path, token=token, json=body).status_code
            if status != cell.expected:
                found.append((cell, status))
    return found


def test_every_cell_is_as_the_contract_says(world: World) -> None:
    cells = list(_cells())
    found = _mismatches(world, cells)
    dialect = world.installation.database.dialect
    what = f"cells of role x relation x verb x state that differ from the contract, {dialect}"
    record(Figure("I16", what, len(cells), len(found), "one role more counted as harmless: cells differ"))
    assert found == []


def test_one_role_more_that_counts_as_harmless_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "HARMLESS_ROLES", access.HARMLESS_ROLES | {roles.HELPDESK_ADMINISTRATOR})
    cells = [cell for cell in _cells() if cell.caller == "authentication_administrator"]
    assert {cell.target for cell, _ in _mismatches(world, cells)} == {"helpdesk_administrator"}
