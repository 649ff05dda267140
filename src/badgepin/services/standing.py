"""The first step of every service: is the caller still who its token says, and what may it do?"""

from badgepin.domain.access import Refused
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction, may_in_directory
from badgepin.domain.errors import NotPermitted, Reason
from badgepin.store import standing
from badgepin.store.transaction import Transaction


def find_standing(tx: Transaction, call: Call) -> Standing | None:
    """The caller's standing now, or None when its token no longer counts."""
    return standing.find(tx, call)


def require_standing(tx: Transaction, call: Call) -> Standing:
    """The caller's standing now. Raises `NotPermitted` (caller unknown) when its token no longer counts."""
    found = standing.find(tx, call)
    if found is None:
        raise NotPermitted(Reason.CALLER_UNKNOWN)
    return found


def require(tx: Transaction, call: Call, action: DirectoryAction) -> Standing:
    """The caller's standing, once it may do this in the directory. Raises `NotPermitted`."""
    found = require_standing(tx, call)
    check_may(call, found, action)
    return found


def check_may(call: Call, standing: Standing, action: DirectoryAction) -> None:
    """Raises `NotPermitted` when a caller of this standing may not do this in the directory."""
    decision = may_in_directory(call.caller, standing, action)
    if isinstance(decision, Refused):
        raise NotPermitted(decision.reason)
