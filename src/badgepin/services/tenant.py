"""The verbs on tenants. They are the operator's: no token reaches them, the command line alone does."""

from datetime import datetime

from badgepin.crypto.randomness import new_guid
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Caller
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.domain.tenant import BUILT_IN, Tenant, check_tenant
from badgepin.services.standing import require_standing
from badgepin.store import audit, method_policy
from badgepin.store import tenant as store
from badgepin.store.transaction import Transaction


def create_tenant(tx: Transaction, *, display_name: str, default_domain: str, now: datetime) -> Tenant:
    """Add a tenant, with the method switched on, and the applications as which command line and desk act in it.

    Raises `InvalidValue`, `Conflict`.
    """
    tenant = Tenant(new_guid(), display_name.strip(), default_domain.lower(), now)
    check_tenant(tenant)
    if any(other.default_domain == tenant.default_domain for other in store.list_all(tx)):
        raise Conflict(Reason.OBJECT_EXISTS, property="defaultDomain")
    store.insert(tx, tenant)
    for built_in in BUILT_IN:
        store.insert_built_in(tx, tenant, built_in, application_id=new_guid(), service_principal_id=new_guid())
    # whoever sets this up wants badges to work; Graph's own default is off
    method_policy.save(tx, tenant.id, MethodPolicy(state=PolicyState.ENABLED), now)
    call = Call(command_line(tx, tenant), now, new_guid())
    what = AuditEvent(
        activity=Activity.ADD_TENANT,
        category=Category.DIRECTORY_MANAGEMENT,
        operation=Operation.ADD,
        target_kind="Tenant",
        target_id=tenant.id,
        target_name=tenant.display_name,
    )
    audit.append(tx, call, require_standing(tx, call), what)
    return tenant


def list_tenants(tx: Transaction) -> list[Tenant]:
    """Every tenant of the installation, the oldest first."""
    return store.list_all(tx)


def find_tenant(tx: Transaction, named: str) -> Tenant | None:
    """A tenant by id or default domain."""
    wanted = named.lower()
    return next((tenant for tenant in store.list_all(tx) if wanted in {tenant.id, tenant.default_domain}), None)


def command_line(tx: Transaction, tenant: Tenant) -> Caller:
    """The command line as a caller in a tenant. Raises `NotFound` when its application was removed."""
    caller = store.find_command_line(tx, tenant.id)
    if caller is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, object=tenant.display_name)
    return caller
