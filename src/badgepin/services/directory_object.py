"""What objects lead to, for many of them at once."""

from collections.abc import Sequence

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_object import DirectoryObject, Relation
from badgepin.domain.directory_role import DirectoryRole
from badgepin.domain.group import Group, MemberKind
from badgepin.services.standing import require
from badgepin.store import expansion
from badgepin.store.transaction import Transaction

_MEMBERSHIPS = frozenset({Relation.MEMBER_OF, Relation.TRANSITIVE_MEMBER_OF})
_CONTAINERS = {
    MemberKind.GROUP: Group,
    MemberKind.UNIT: AdministrativeUnit,
    MemberKind.ROLE: DirectoryRole,
}
MOST_RELATED = 20
"""So many objects are shown along with each item, as Graph does; the relation's own address gives them all."""

_ACTIONS = {
    Relation.UNIT_MEMBERS: DirectoryAction.READ_UNITS,
    Relation.MANAGER: DirectoryAction.READ_USERS,
    Relation.DIRECT_REPORTS: DirectoryAction.READ_USERS,
}


def list_related(
    tx: Transaction, call: Call, relation: Relation, ids: Sequence[str], visible: frozenset[MemberKind]
) -> dict[str, list[DirectoryObject]]:
    """The first objects that each of these leads to, by the id of what leads there. Raises `NotPermitted`.

    `visible`: the kinds of containers that the caller may see of others; of oneself everything is shown.
    """
    require(tx, call, _ACTIONS.get(relation, DirectoryAction.READ_GROUPS))
    found = expansion.list_related(tx, call.tenant_id, relation, ids, limit=MOST_RELATED)
    if relation not in _MEMBERSHIPS:
        return found
    hidden = tuple(made for kind, made in _CONTAINERS.items() if kind not in visible)
    return {
        key: items if key == call.caller.user_id else [item for item in items if not isinstance(item, hidden)]
        for key, items in found.items()
    }
