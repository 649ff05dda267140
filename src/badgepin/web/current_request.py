"""The request that is being answered, for whoever logs, counts or traces meanwhile."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4


@dataclass
class CurrentRequest:
    """`id` names it in the log, `route` becomes known when its path is matched, `span` is what traces know it by."""

    id: str = field(default_factory=lambda: str(uuid4()))
    route: str = ""
    span: object = None


_CURRENT: ContextVar[CurrentRequest | None] = ContextVar("badgepin_request", default=None)


def begin_request() -> CurrentRequest:
    """From here on, in this task and those it starts, a request is being answered."""
    begun = CurrentRequest()
    _CURRENT.set(begun)
    return begun


def current_request() -> CurrentRequest | None:
    """The request that this task works for, if it does for any."""
    return _CURRENT.get()
