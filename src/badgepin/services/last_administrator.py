"""A tenant keeps a Global Administrator: whoever took the last one away could only be helped from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from badgepin.domain.caller import Call, RoleGrant
from badgepin.domain.directory_role import GLOBAL_ADMINISTRATOR
from badgepin.domain.errors import Conflict, Reason
from badgepin.store import passkey, role_assignment
from badgepin.store.transaction import Transaction

_ROLE = RoleGrant(GLOBAL_ADMINISTRATOR)


@contextmanager
def one_stays(tx: Transaction, call: Call) -> Iterator[None]:
    """What is done inside leaves the tenant an enabled Global Administrator if it had one. Raises `Conflict`."""
    # two administrators who remove one another at the same moment pass one by one
    role_assignment.lock(tx, call.tenant_id)
    had_one = _has_one(tx, call)
    yield
    if had_one and not _has_one(tx, call):
        raise Conflict(Reason.LAST_ADMINISTRATOR)


def _has_one(tx: Transaction, call: Call) -> bool:
    people = passkey.list_people(tx, call.tenant_id, frozenset({GLOBAL_ADMINISTRATOR}))
    return any(person.is_enabled and _ROLE in person.grants for person in people)
