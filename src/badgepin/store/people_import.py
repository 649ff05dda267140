"""Rows of imports and of what they changed, and the lookups that an import makes for a thousand people at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from badgepin.domain.group import MemberKind
from badgepin.domain.people_import import Import, Place
from badgepin.store.import_tables import import_changes, imports
from badgepin.store.membership import GROUPS, UNITS, Membership
from badgepin.store.tables import (
    administrative_unit_members,
    administrative_units,
    group_members,
    groups,
    qr_code_pin_methods,
    role_assignments,
    tenants,
)
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_import, _change = imports.c, import_changes.c
_UNDONE_WITHIN = timedelta(days=30)
MEMBERSHIPS = {MemberKind.GROUP: GROUPS, MemberKind.UNIT: UNITS}
_PLACES = {MemberKind.GROUP: groups, MemberKind.UNIT: administrative_units}


@dataclass(frozen=True)
class ImportChange:
    """One thing an import did; `before` and `after` are JSON of the fields, both None for what it made."""

    number: int
    kind: str
    object_id: str
    container_id: str = ""
    before: str | None = None
    after: str | None = None


def insert(tx: Transaction, tenant_id: str, made: Import) -> None:
    """Begin an import; what older ones changed can be undone no longer and is forgotten."""
    older = sa.select(_import.id).where(_import.tenant_id == tenant_id)
    tx.execute(sa.delete(import_changes).where(_change.tenant_id == tenant_id, _change.import_id.in_(older)))
    values = {"id": made.id, "file_name": made.file_name, "file_digest": made.digest, "started_at": made.started_at}
    tx.execute(sa.insert(imports).values(tenant_id=tenant_id, **values))


def hold(tx: Transaction, tenant_id: str) -> None:
    """Keep other imports of the tenant out until this transaction ends."""
    tx.execute(sa.select(tenants.c.tenant_id).where(tenants.c.tenant_id == tenant_id).with_for_update(key_share=True))


def list_imports(tx: Transaction, tenant_id: str, *, limit: int) -> list[Import]:
    """The imports of a tenant, the latest first."""
    statement = sa.select(imports).where(_import.tenant_id == tenant_id)
    latest = statement.order_by(_import.started_at.desc(), _import.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(latest)]


def add_counts(tx: Transaction, tenant_id: str, import_id: str, *, created: int, updated: int, refused: int) -> None:
    """Count a batch."""
    counts = {"created": _import.created + created, "updated": _import.updated + updated}
    _update(tx, tenant_id, import_id, {**counts, "refused": _import.refused + refused})


def finish(tx: Transaction, tenant_id: str, import_id: str, now: datetime) -> None:
    """An import came to its end."""
    _update(tx, tenant_id, import_id, {"finished_at": now})


def set_undone(tx: Transaction, tenant_id: str, import_id: str, now: datetime) -> None:
    """An import was undone."""
    _update(tx, tenant_id, import_id, {"undone_at": now})


def forget_old_changes(tx: Transaction, now: datetime) -> int:
    """What was before an import of a month ago is nobody's business any more. Returns how many rows went."""
    old = sa.select(_import.tenant_id, _import.id).where(_import.started_at < now - _UNDONE_WITHIN)
    key = sa.tuple_(_change.tenant_id, _change.import_id)
    return tx.execute(sa.delete(import_changes).where(key.in_(old))).rowcount


def append_changes(tx: Transaction, tenant_id: str, import_id: str, changes: Sequence[ImportChange]) -> None:
    """Keep what a batch changed; their numbers are given here, in this order."""
    if not changes:
        return
    known = sa.select(sa.func.coalesce(sa.func.max(_change.number), 0))
    highest = tx.execute(known.where(_change.tenant_id == tenant_id, _change.import_id == import_id)).scalar_one()
    rows = [
        {
            "tenant_id": tenant_id,
            "import_id": import_id,
            "number": int(highest) + place,
            "kind": change.kind,
            "object_id": change.object_id,
            "container_id": change.container_id,
            "before": change.before,
            "after": change.after,
        }
        for place, change in enumerate(changes, 1)
    ]
    tx.execute(sa.insert(import_changes), rows)


def last_changes(tx: Transaction, tenant_id: str, import_id: str, *, limit: int) -> list[ImportChange]:
    """What an import did last and has not been undone yet, the latest first."""
    statement = sa.select(import_changes).where(_change.tenant_id == tenant_id, _change.import_id == import_id)
    rows = tx.execute(statement.order_by(_change.number.desc()).limit(limit))
    return [ImportChange(row.number, row.kind, row.object_id, row.container_id, row.before, row.after) for row in rows]


def delete_changes(tx: Transaction, tenant_id: str, import_id: str, *, lowest: int) -> None:
    """Forget the changes from this number on: they are undone."""
    of_import = sa.and_(_change.tenant_id == tenant_id, _change.import_id == import_id)
    tx.execute(sa.delete(import_changes).where(of_import, _change.number >= lowest))


def find_places(tx: Transaction, tenant_id: str, kind: MemberKind, names: Iterable[str]) -> dict[str, list[Place]]:
    """The groups or units of these folded names, by name."""
    table = _PLACES[kind]
    assignable = table.c.is_assignable_to_role if kind is MemberKind.GROUP else sa.false()
    statement = sa.select(
        table.c.id, table.c.display_name, table.c.display_name_key, assignable.label("hands_out_roles")
    ).where(table.c.tenant_id == tenant_id, table.c.display_name_key.in_(list(names)))
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for row in tx.execute(statement.order_by(table.c.id)):
        place = Place(kind, row.display_name, row.id, hands_out_roles=bool(row.hands_out_roles))
        found[row.display_name_key].append(place)
    return found


def memberships_of(
    tx: Transaction, tenant_id: str, kind: MemberKind, member_ids: Sequence[str]
) -> set[tuple[str, str]]:
    """The direct memberships of these people, as (group or unit, person)."""
    where = MEMBERSHIPS[kind]
    container = where.table.c[where.container]
    statement = sa.select(container, where.table.c.member_id).where(
        where.table.c.tenant_id == tenant_id, where.table.c.member_id.in_(member_ids)
    )
    return {(row[0], row[1]) for row in tx.execute(statement)}


def add_people(tx: Transaction, where: Membership, tenant_id: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Put people into groups or units, as (group or unit, person); those who are in there stay."""
    if not pairs:
        return
    rows = [
        {"tenant_id": tenant_id, where.container: container, "member_id": member, "member_kind": MemberKind.USER.value}
        for container, member in pairs
    ]
    tx.execute(upsert(tx, where.table).on_conflict_do_nothing(), rows)


def remove_people(tx: Transaction, where: Membership, tenant_id: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Take people out of groups or units."""
    if pairs:
        key = sa.tuple_(where.table.c[where.container], where.table.c.member_id)
        tx.execute(sa.delete(where.table).where(where.table.c.tenant_id == tenant_id, key.in_(pairs)))


def administrators_among(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> set[str]:
    """Those of these people who hold a directory role, directly or through a group that hands one on."""
    role, member = role_assignments.c, group_members.c
    held = sa.select(role.principal_id).where(role.tenant_id == tenant_id, role.principal_id.in_(ids))
    through = (
        sa.select(member.member_id)
        .join(groups, sa.and_(groups.c.tenant_id == member.tenant_id, groups.c.id == member.group_id))
        .where(member.tenant_id == tenant_id, member.member_id.in_(ids), groups.c.is_assignable_to_role)
    )
    return set(tx.execute(held.union(through)).scalars())


def badge_holders_among(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> set[str]:
    """Those of these people who have the badge + PIN method."""
    method = qr_code_pin_methods.c
    return set(
        tx.execute(sa.select(method.user_id).where(method.tenant_id == tenant_id, method.user_id.in_(ids))).scalars()
    )


def places_in_use(tx: Transaction, tenant_id: str, kind: MemberKind, ids: Sequence[str]) -> set[str]:
    """Those of these groups or units that have members, or roles held by or in them."""
    where, role = MEMBERSHIPS[kind], role_assignments.c
    container = where.table.c[where.container]
    filled = sa.select(container).where(where.table.c.tenant_id == tenant_id, container.in_(ids))
    scope = role.principal_id if kind is MemberKind.GROUP else role.administrative_unit_id
    held = sa.select(scope).where(role.tenant_id == tenant_id, scope.in_(ids))
    inside = administrative_unit_members.c
    member = sa.select(inside.member_id).where(inside.tenant_id == tenant_id, inside.member_id.in_(ids))
    return set(tx.execute(filled.union(held, member)).scalars())


def _update(tx: Transaction, tenant_id: str, import_id: str, values: dict[str, Any]) -> None:
    tx.execute(sa.update(imports).where(_import.tenant_id == tenant_id, _import.id == import_id).values(values))


def _read(row: Any) -> Import:  # noqa: ANN401 - a row of the table
    return Import(
        row.id,
        row.file_name,
        row.file_digest,
        row.started_at,
        row.finished_at,
        row.undone_at,
        row.created,
        row.updated,
        row.refused,
    )
