"""The verbs on groups. Whoever changes a role-assignable group must be allowed to assign roles."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields

from badgepin.domain.audit import Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.group import Group, Member, MemberKind
from badgepin.domain.query import Page, Query
from badgepin.domain.user import User
from badgepin.services.last_administrator import one_stays
from badgepin.services.standing import check_may, require, require_standing
from badgepin.store import audit, membership
from badgepin.store import group as store
from badgepin.store import user as users
from badgepin.store.lock import Lock
from badgepin.store.membership import GROUPS
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class ContainerKinds:
    """Which kinds of containers are asked for, and which of them the caller may see of others."""

    asked: frozenset[MemberKind]
    visible: frozenset[MemberKind]

    def of(self, user: User, call: Call) -> frozenset[MemberKind]:
        """The kinds to show of this person."""
        return self.asked if user.id == call.caller.user_id else self.asked & self.visible


def get_group(tx: Transaction, call: Call, group_id: str) -> Group:
    """A group. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_GROUPS)
    return _get(tx, call, group_id)


def list_groups(tx: Transaction, call: Call, query: Query) -> Page[Group]:
    """A page of groups."""
    require(tx, call, DirectoryAction.READ_GROUPS)
    return store.list_page(tx, call.tenant_id, query)


def count_groups(tx: Transaction, call: Call, query: Query) -> int:
    """How many groups match."""
    require(tx, call, DirectoryAction.READ_GROUPS)
    return store.count(tx, call.tenant_id, query)


def create_group(
    tx: Transaction,
    call: Call,
    wanted: Callable[[], Group],
    members: Callable[[], Sequence[str]] = tuple,
    owners: Callable[[], Sequence[str]] = tuple,
) -> Group:
    """Add a group, with members and owners named by id. Raises `InvalidValue`, `NotFound`, `NotPermitted`."""
    standing = require(tx, call, DirectoryAction.WRITE_GROUPS)
    group = wanted()
    _check_may_write(call, standing, group)
    store.insert(tx, call.tenant_id, group)
    audit.append(tx, call, standing, group_event(Activity.ADD_GROUP, Operation.ADD, group))
    for member_id in members():
        _add_member(tx, call, standing, group, member_id)
    for owner_id in owners():
        _add_owner(tx, call, standing, group, owner_id)
    return group


def update_group(
    tx: Transaction,
    call: Call,
    group_id: str,
    changed: Callable[[Group], Group],
    members: Callable[[], Sequence[str]] = tuple,
) -> Group:
    """Change a group and add members in one go: all of it or nothing."""
    standing, old = _writable(tx, call, group_id)
    new = changed(old)
    if new != old:
        store.update(tx, call.tenant_id, new)
        changes = tuple(
            Change(field.name, str(getattr(old, field.name)), str(getattr(new, field.name)))
            for field in fields(Group)
            if getattr(old, field.name) != getattr(new, field.name)
        )
        audit.append(tx, call, standing, group_event(Activity.UPDATE_GROUP, Operation.UPDATE, new, changes=changes))
    for member_id in members():
        _add_member(tx, call, standing, new, member_id)
    return new


def delete_group(tx: Transaction, call: Call, group_id: str) -> None:
    """Remove a group. Raises `NotFound`, and `Conflict` where the last Global Administrator held the role by it."""
    standing, group = _writable(tx, call, group_id)
    with _administrator_stays(tx, call, group):
        if not store.delete(tx, call.tenant_id, group.id):
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=group_id)
    audit.append(tx, call, standing, group_event(Activity.DELETE_GROUP, Operation.DELETE, group))


def list_members(
    tx: Transaction, call: Call, group_id: str, query: Query, *, transitive: bool, only: MemberKind | None = None
) -> Page[DirectoryObject]:
    """A page of members, direct or also nested ones, of one kind where named."""
    group = get_group(tx, call, group_id)
    if transitive:
        return membership.list_transitive_members(tx, call.tenant_id, group.id, query, only)
    return membership.list_members(tx, GROUPS, call.tenant_id, group.id, query, only)


def count_members(
    tx: Transaction, call: Call, group_id: str, query: Query, *, transitive: bool, only: MemberKind | None = None
) -> int:
    """How many members there are."""
    group = get_group(tx, call, group_id)
    if transitive:
        return membership.count_transitive_members(tx, call.tenant_id, group.id, query, only)
    return membership.count_members(tx, GROUPS, call.tenant_id, group.id, query, only)


def list_owners(tx: Transaction, call: Call, group_id: str, query: Query) -> Page[User]:
    """A page of owners."""
    group = get_group(tx, call, group_id)
    return store.list_owners(tx, call.tenant_id, group.id, query)


def list_containers(
    tx: Transaction, call: Call, named: str, query: Query, kinds: ContainerKinds, *, transitive: bool
) -> Page[DirectoryObject]:
    """A page of what a person is in; oneself always and everything, others with the right to each kind."""
    user = _whose_memberships(tx, call, named)
    return membership.list_containers(tx, call.tenant_id, user.id, query, kinds.of(user, call), transitive=transitive)


def count_containers(
    tx: Transaction, call: Call, named: str, query: Query, kinds: ContainerKinds, *, transitive: bool
) -> int:
    """How many groups, units and roles a person is in."""
    user = _whose_memberships(tx, call, named)
    return membership.count_containers(tx, call.tenant_id, user.id, query, kinds.of(user, call), transitive=transitive)


def _whose_memberships(tx: Transaction, call: Call, named: str) -> User:
    standing = require_standing(tx, call)
    user = users.find(tx, call.tenant_id, named)
    if user is None or user.id != call.caller.user_id:
        check_may(call, standing, DirectoryAction.READ_GROUPS)
    if user is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    return user


def add_member(tx: Transaction, call: Call, group_id: str, member_id: Callable[[], str]) -> None:
    """Add a person or group. Raises `NotFound`, `Conflict` (is one already), `InvalidValue` (a circle)."""
    standing, group = _writable(tx, call, group_id)
    _add_member(tx, call, standing, group, member_id())


def remove_member(tx: Transaction, call: Call, group_id: str, member_id: str) -> None:
    """Remove a member. Raises `NotFound`, and `Conflict` as `delete_group`."""
    standing, group = _writable(tx, call, group_id)
    with _administrator_stays(tx, call, group):
        if not membership.remove(tx, GROUPS, call.tenant_id, group.id, member_id.lower()):
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=member_id)
    details = (("MemberId", member_id.lower()),)
    audit.append(
        tx, call, standing, group_event(Activity.REMOVE_GROUP_MEMBER, Operation.UNASSIGN, group, details=details)
    )


def add_owner(tx: Transaction, call: Call, group_id: str, owner_id: Callable[[], str]) -> None:
    """Make a person an owner. Raises `NotFound` or `Conflict`."""
    standing, group = _writable(tx, call, group_id)
    _add_owner(tx, call, standing, group, owner_id())


def remove_owner(tx: Transaction, call: Call, group_id: str, owner_id: str) -> None:
    """Take ownership away. Raises `NotFound`."""
    standing, group = _writable(tx, call, group_id)
    if not store.remove_owner(tx, call.tenant_id, group.id, owner_id.lower()):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=owner_id)
    details = (("OwnerId", owner_id.lower()),)
    audit.append(
        tx, call, standing, group_event(Activity.REMOVE_GROUP_OWNER, Operation.UNASSIGN, group, details=details)
    )


def _add_member(tx: Transaction, call: Call, standing: Standing, group: Group, member_id: str) -> None:
    member = find_member(tx, call, member_id)
    if member.kind is MemberKind.GROUP:
        _check_nesting(tx, call, group, member)
    if not membership.add(tx, GROUPS, call.tenant_id, group.id, member):
        raise Conflict(Reason.MEMBER_EXISTS, property="members")
    details = (("MemberId", member.id), ("MemberType", member.kind.value))
    audit.append(tx, call, standing, group_event(Activity.ADD_GROUP_MEMBER, Operation.ASSIGN, group, details=details))


def _check_nesting(tx: Transaction, call: Call, group: Group, member: Member) -> None:
    if group.is_assignable_to_role:
        raise InvalidValue(Reason.VALUE_INVALID, message="A group that roles can be assigned to takes people only.")
    store.lock(tx, call.tenant_id)
    if member.id == group.id or membership.is_within(tx, call.tenant_id, group.id, container_id=member.id):
        raise InvalidValue(
            Reason.VALUE_INVALID, message="A group cannot be a member of itself, not even through others."
        )


def _add_owner(tx: Transaction, call: Call, standing: Standing, group: Group, owner_id: str) -> None:
    owner = find_member(tx, call, owner_id)
    if owner.kind is not MemberKind.USER:
        raise InvalidValue(Reason.VALUE_INVALID, message="Only a user can own a group.")
    if not store.add_owner(tx, call.tenant_id, group.id, owner.id):
        raise Conflict(Reason.MEMBER_EXISTS, property="owners")
    details = (("OwnerId", owner.id),)
    audit.append(tx, call, standing, group_event(Activity.ADD_GROUP_OWNER, Operation.ASSIGN, group, details=details))


def find_member(tx: Transaction, call: Call, member_id: str) -> Member:
    """The person or group of an id, kept from being removed meanwhile. Raises `NotFound`."""
    if user := users.find(tx, call.tenant_id, member_id, lock=Lock.KEEP):
        return Member(user.id, MemberKind.USER, user.display_name, user.user_principal_name)
    if group := store.find(tx, call.tenant_id, member_id.lower(), lock=Lock.KEEP):
        return Member(group.id, MemberKind.GROUP, group.display_name)
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=member_id)


def _get(tx: Transaction, call: Call, group_id: str, *, lock: Lock = Lock.NONE) -> Group:
    group = store.find(tx, call.tenant_id, group_id.lower(), lock=lock)
    if group is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=group_id)
    return group


def _writable(tx: Transaction, call: Call, group_id: str) -> tuple[Standing, Group]:
    standing = require(tx, call, DirectoryAction.WRITE_GROUPS)
    group = _get(tx, call, group_id, lock=Lock.CHANGE)
    _check_may_write(call, standing, group)
    return standing, group


def _check_may_write(call: Call, standing: Standing, group: Group) -> None:
    if group.is_assignable_to_role:
        if not call.may_hand_out_roles:
            raise NotPermitted(Reason.PERMISSION_MISSING)
        check_may(call, standing, DirectoryAction.WRITE_ROLE_GROUPS)


def group_event(
    activity: Activity,
    operation: Operation,
    group: Group,
    *,
    changes: tuple[Change, ...] = (),
    details: tuple[tuple[str, str], ...] = (),
) -> AuditEvent:
    """What the log says of a change of a group."""
    return AuditEvent(
        activity=activity,
        category=Category.GROUP_MANAGEMENT,
        operation=operation,
        target_kind="Group",
        target_id=group.id,
        target_name=group.display_name,
        changes=changes,
        details=details,
    )


def _administrator_stays(tx: Transaction, call: Call, group: Group) -> AbstractContextManager[None]:
    return one_stays(tx, call) if group.is_assignable_to_role else nullcontext()
