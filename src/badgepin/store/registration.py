"""Reading who has registered the method: one statement for a page, one for a summary."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.authentication_strength import QR_CODE_PIN
from badgepin.domain.ids import is_guid
from badgepin.domain.query import Page, Query
from badgepin.domain.registration import (
    PRIVILEGED_ROLES,
    IncludedRoles,
    IncludedTypes,
    RegistrationCounts,
    RegistrationDetails,
)
from badgepin.domain.user import UserType, user_principal_name_key
from badgepin.store import listing
from badgepin.store.holding_roles import holds_role
from badgepin.store.listing import Listing
from badgepin.store.tables import pins, qr_code_pin_methods, qr_codes, users
from badgepin.store.transaction import Transaction

_method = qr_code_pin_methods
_people = users.outerjoin(_method, sa.and_(_method.c.tenant_id == users.c.tenant_id, _method.c.user_id == users.c.id))
_is_admin = holds_role()
_newest_code = (
    sa.select(sa.func.max(qr_codes.c.created_at))
    .where(qr_codes.c.tenant_id == users.c.tenant_id, qr_codes.c.user_id == users.c.id)
    .where(qr_codes.c.revoked_at.is_(None))
    .correlate(users)
    .scalar_subquery()
)
_LISTING = Listing(
    _people.outerjoin(pins, sa.and_(pins.c.tenant_id == users.c.tenant_id, pins.c.user_id == users.c.id)),
    (
        users.c.id,
        users.c.user_principal_name,
        users.c.display_name,
        users.c.user_type,
        users.c.created_at,
        _is_admin.label("is_admin"),
        _method.c.created_at.label("method_created_at"),
        pins.c.updated_at.label("pin_updated_at"),
        _newest_code.label("code_created_at"),
    ),
    {
        "id": users.c.id,
        "user_principal_name": users.c.user_principal_name_key,
        "display_name": users.c.display_name_key,
        "user_type": users.c.user_type,
        "is_admin": _is_admin,
        "methods_registered": sa.case((_method.c.id.is_not(None), f'["{QR_CODE_PIN}"]'), else_="[]"),
        # what a badge makes nobody
        "never": sa.false(),
    },
    users.c.id,
    indexed=frozenset({"user_principal_name", "display_name"}),
)


def list_page(tx: Transaction, tenant_id: str, query: Query) -> Page[RegistrationDetails]:
    """A page of people with what they have registered."""
    return listing.list_page(tx, _LISTING, users.c.tenant_id == tenant_id, query, _read)


def find(tx: Transaction, tenant_id: str, named: str) -> RegistrationDetails | None:
    """One person, by id or user principal name."""
    by_id = is_guid(named)
    column = users.c.id if by_id else users.c.user_principal_name_key
    wanted = column == (named.lower() if by_id else user_principal_name_key(named))
    statement = sa.select(*_LISTING.columns).select_from(_LISTING.source).where(users.c.tenant_id == tenant_id, wanted)
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def count(tx: Transaction, tenant_id: str, types: IncludedTypes, wanted: IncludedRoles) -> RegistrationCounts:
    """How many people of these types and roles there are, and how many of them have the method."""
    statement = (
        sa.select(sa.func.count(), sa.func.count(_method.c.id))
        .select_from(_people)
        .where(users.c.tenant_id == tenant_id)
    )
    if types is not IncludedTypes.ALL:
        user_type = UserType.GUEST if types is IncludedTypes.GUEST else UserType.MEMBER
        statement = statement.where(users.c.user_type == user_type.value)
    match wanted:
        case IncludedRoles.PRIVILEGED_ADMIN:
            statement = statement.where(holds_role(PRIVILEGED_ROLES))
        case IncludedRoles.ADMIN:
            statement = statement.where(holds_role())
        case IncludedRoles.USER:
            statement = statement.where(sa.not_(holds_role()))
    people, registered = tx.execute(statement).one()
    return RegistrationCounts(people, registered)


def _read(row: Any) -> RegistrationDetails:  # noqa: ANN401 - a row of the columns above
    moments = (row.created_at, row.method_created_at, row.pin_updated_at, row.code_created_at)
    return RegistrationDetails(
        row.id,
        row.user_principal_name,
        row.display_name,
        UserType(row.user_type),
        bool(row.is_admin),
        row.method_created_at is not None,
        max(moment for moment in moments if moment is not None),
    )
