"""Bringing somebody to the desk in one go: the person, their role and the invitation, together or not at all."""

from dataclasses import dataclass

from badgepin.crypto.randomness import new_guid
from badgepin.domain.caller import TENANT_WIDE, Call, RoleGrant
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.user import User
from badgepin.services.invitation import Invited, invite
from badgepin.services.role_assignment import WantedAssignment, assign_role
from badgepin.services.user import create_user
from badgepin.store import user as users
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Newcomer:
    """Whom to invite. With `display_name` they are added if missing; with `role_id` they get that role first."""

    user_principal_name: str
    display_name: str | None = None
    role_id: str | None = None
    unit_id: str = TENANT_WIDE


def bring_in(tx: Transaction, call: Call, wanted: Newcomer) -> Invited:
    """Invite somebody, after adding what is missing. Raises `NotFound`, `InvalidValue`, `Conflict`, `NotPermitted`."""
    user = users.find(tx, call.tenant_id, wanted.user_principal_name)
    if user is None:
        if wanted.display_name is None:
            raise NotFound(Reason.USER_NOT_FOUND, user=wanted.user_principal_name)
        new = User(new_guid(), wanted.user_principal_name, wanted.display_name, call.now)
        user = create_user(tx, call, lambda: new)
    if wanted.role_id is not None:
        grant = RoleGrant(wanted.role_id, wanted.unit_id)
        if grant not in users.grants(tx, call.tenant_id, user.id):
            asked = WantedAssignment(user.id, grant.role_id, grant.unit_id)
            assign_role(tx, call, lambda: asked)
    return invite(tx, call, user.id)
