"""Reading the audit log."""

from badgepin.domain.audit import Position, RecordedEvent
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, Reason
from badgepin.services.standing import require
from badgepin.store import audit
from badgepin.store.transaction import Transaction


def list_events(
    tx: Transaction, call: Call, *, after: Position | None, limit: int, sign_ins: bool = False
) -> list[RecordedEvent]:
    """A page of sign-ins, or of all other events, the newest first."""
    require(tx, call, DirectoryAction.READ_LOGS)
    return audit.list_page(tx, call.tenant_id, after=after, limit=limit, sign_ins=sign_ins)


def get_event(tx: Transaction, call: Call, event_id: str, *, sign_ins: bool = False) -> RecordedEvent:
    """One sign-in, or one other event. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_LOGS)
    event = audit.find(tx, call.tenant_id, event_id.lower(), sign_ins=sign_ins)
    if event is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=event_id)
    return event
