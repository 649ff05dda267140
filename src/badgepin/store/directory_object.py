"""Lists whose items are of several kinds: people, groups, administrative units and roles, each with all it has."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.directory_role import BUILT_IN, BY_ID
from badgepin.domain.filter import fold
from badgepin.domain.group import MemberKind
from badgepin.store import administrative_unit, group, user
from badgepin.store.filter import Condition
from badgepin.store.listing import Column, Listing
from badgepin.store.tables import administrative_units, groups, users

_TABLES = {MemberKind.USER: users, MemberKind.GROUP: groups, MemberKind.UNIT: administrative_units}
_FIELDS: Mapping[MemberKind, Mapping[str, Column]] = {
    MemberKind.USER: user.FIELDS,
    MemberKind.GROUP: group.FIELDS,
    MemberKind.UNIT: administrative_unit.FIELDS,
}
_READ: Mapping[MemberKind, Callable[[Any, str], DirectoryObject]] = {
    MemberKind.USER: user.read,
    MemberKind.GROUP: group.read,
    MemberKind.UNIT: administrative_unit.read,
}
_ROLE_NAMES = {role.id: fold(role.display_name) for role in BUILT_IN}


def objects_among(members: sa.FromClause, tenant_id: str, only: MemberKind | None) -> tuple[Listing, Condition]:
    """The objects whose `id` and `kind` are in `members`, all of them or those of one kind, and what they meet."""
    source, columns = members, [members.c.id.label("object_id"), members.c.kind.label("object_kind")]
    for kind, table in _TABLES.items():
        if only not in {None, kind}:
            continue
        same = sa.and_(table.c.tenant_id == tenant_id, table.c.id == members.c.id, members.c.kind == kind.value)
        source = source.outerjoin(table, same)
        columns += [column.label(f"{kind.value}_{column.name}") for column in table.c]
    fields = {"id": members.c.id, "display_name": _display_name(members, only)}
    if only is not None:
        fields = {**_FIELDS.get(only, {}), **fields}
    listing = Listing(source, tuple(columns), fields, members.c.id)
    return listing, sa.true() if only is None else members.c.kind == only.value


def _display_name(members: sa.FromClause, only: MemberKind | None) -> Column:
    names = [_TABLES[kind].c.display_name_key for kind in _TABLES if only in {None, kind}]
    roles = [sa.case(_ROLE_NAMES, value=members.c.id, else_="")] if only in {None, MemberKind.ROLE} else []
    return sa.func.coalesce(*names, *roles, "")


def read_object(row: Any) -> DirectoryObject:  # noqa: ANN401 - a row of what `objects_among` lists
    """The object in a row."""
    kind = MemberKind(row.object_kind)
    return BY_ID[row.object_id] if kind is MemberKind.ROLE else _READ[kind](row, f"{kind.value}_")
