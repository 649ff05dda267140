"""The tenant as its own people see it."""

from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.tenant import Tenant
from badgepin.services.standing import require
from badgepin.store import tenant as store
from badgepin.store.transaction import Transaction


def get_organization(tx: Transaction, call: Call) -> Tenant:
    """The caller's tenant."""
    require(tx, call, DirectoryAction.READ_ORGANIZATION)
    tenant = store.find(tx, call.tenant_id)
    if tenant is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=call.tenant_id)
    return tenant
