"""Reading the audit log."""

from badgepin.domain.audit import RecordedEvent
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.query import Page, Query
from badgepin.services.standing import require
from badgepin.store import audit_log as store
from badgepin.store.transaction import Transaction


def list_events(tx: Transaction, call: Call, query: Query, *, sign_ins: bool = False) -> Page[RecordedEvent]:
    """A page of sign-ins, or of all other events, the newest first where nobody asks for another order."""
    require(tx, call, DirectoryAction.READ_LOGS)
    return store.list_page(tx, call.tenant_id, query, sign_ins=sign_ins)


def count_events(tx: Transaction, call: Call, query: Query, *, sign_ins: bool = False) -> int:
    """How many sign-ins, or other events, match."""
    require(tx, call, DirectoryAction.READ_LOGS)
    return store.count(tx, call.tenant_id, query, sign_ins=sign_ins)


def get_event(tx: Transaction, call: Call, event_id: str, *, sign_ins: bool = False) -> RecordedEvent:
    """One sign-in, or one other event. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_LOGS)
    event = store.find(tx, call.tenant_id, event_id.lower(), sign_ins=sign_ins)
    if event is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=event_id)
    return event
