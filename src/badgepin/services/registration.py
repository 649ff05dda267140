"""Reports on who has registered the method."""

from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.query import Page, Query
from badgepin.domain.registration import IncludedRoles, IncludedTypes, RegistrationCounts, RegistrationDetails
from badgepin.services.standing import require
from badgepin.store import registration as store
from badgepin.store.transaction import Transaction


def list_details(tx: Transaction, call: Call, query: Query) -> Page[RegistrationDetails]:
    """A page of people with what they have registered."""
    require(tx, call, DirectoryAction.READ_LOGS)
    return store.list_page(tx, call.tenant_id, query)


def get_details(tx: Transaction, call: Call, named: str) -> RegistrationDetails:
    """What one person has registered, by id or user principal name. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_LOGS)
    found = store.find(tx, call.tenant_id, named)
    if found is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    return found


def count_registered(tx: Transaction, call: Call, types: IncludedTypes, wanted: IncludedRoles) -> RegistrationCounts:
    """How many people of these types and roles have the method."""
    require(tx, call, DirectoryAction.READ_LOGS)
    return store.count(tx, call.tenant_id, types, wanted)
