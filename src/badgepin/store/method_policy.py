"""The policy's row; a tenant without one has the defaults."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from badgepin.domain.method_policy import MethodPolicy, PolicyState, PolicyTarget
from badgepin.store.tables import method_policies, tenants
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_targets = msgspec.json.Decoder(tuple[PolicyTarget, ...]).decode


def get(tx: Transaction, tenant_id: str) -> MethodPolicy:
    """The policy in force."""
    row = tx.execute(sa.select(method_policies).where(method_policies.c.tenant_id == tenant_id)).first()
    return MethodPolicy() if row is None else read_policy(row)


def read_policy(row: Any) -> MethodPolicy:  # noqa: ANN401 - a row with the table's columns
    """The policy in a row."""
    return MethodPolicy(
        PolicyState(row.state),
        row.pin_length,
        row.standard_lifetime_days,
        _targets(row.include_targets),
        _targets(row.exclude_targets),
        row.registration_enforcement,
    )


def lock(tx: Transaction, tenant_id: str) -> None:
    """Let writers of one tenant's policy pass one by one, so that none overwrites what another just set."""
    tx.execute(sa.select(tenants.c.tenant_id).where(tenants.c.tenant_id == tenant_id).with_for_update(key_share=True))


def save(tx: Transaction, tenant_id: str, policy: MethodPolicy, now: datetime) -> None:
    """Replace the policy."""
    values = {
        "state": policy.state.value,
        "pin_length": policy.pin_length,
        "standard_lifetime_days": policy.standard_lifetime_days,
        "include_targets": msgspec.json.encode(policy.include_targets).decode(),
        "exclude_targets": msgspec.json.encode(policy.exclude_targets).decode(),
        "registration_enforcement": policy.registration_enforcement,
        "updated_at": now,
    }
    tx.execute(
        upsert(tx, method_policies)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
