"""The forecast of codes that end: numbers for each unit, and the people behind a number."""

from badgepin.domain.access import Reach, Refused, reach_of_forecast
from badgepin.domain.caller import Call
from badgepin.domain.errors import NotPermitted, Reason
from badgepin.domain.expiring_codes import IN_NO_UNIT, ExpiringCode, UnitForecast, WantedCodes, check_days
from badgepin.domain.query import Page, Query
from badgepin.services.administrative_unit import find_unit
from badgepin.services.standing import require_standing
from badgepin.store import expiring_codes as store
from badgepin.store.transaction import Transaction


def forecast(tx: Transaction, call: Call, query: Query, *, days: int) -> Page[UnitForecast]:
    """A page of the units the caller looks after; who sees all, sees people in no unit too. Raises `InvalidValue`."""
    reach = _reach(tx, call)
    return store.count_by_unit(tx, call.tenant_id, query, days=check_days(days), now=call.now, units=reach.units)


def list_expiring(tx: Transaction, call: Call, query: Query, wanted: WantedCodes) -> Page[ExpiringCode]:
    """A page of codes, the first to end first. Raises `NotFound` (no such unit), `NotPermitted`, `InvalidValue`."""
    reach = _reach(tx, call)
    check_days(wanted.days)
    if reach.units is not None and wanted.unit_id is not None and wanted.unit_id not in reach.units:
        raise NotPermitted(Reason.OUTSIDE_UNIT)
    if wanted.unit_id not in {None, IN_NO_UNIT}:
        find_unit(tx, call, wanted.unit_id or "")
    return store.list_page(tx, call.tenant_id, query, wanted, now=call.now, units=reach.units)


def _reach(tx: Transaction, call: Call) -> Reach:
    reach = reach_of_forecast(call.caller, require_standing(tx, call))
    if isinstance(reach, Refused):
        raise NotPermitted(reach.reason)
    return reach
