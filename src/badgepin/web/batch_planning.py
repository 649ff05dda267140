"""Planning a batch in portions: whoever is in a tenant of ten thousand, no transaction and no memory is large."""

from functools import partial

from badgepin.domain.caller import Call
from badgepin.domain.errors import DomainError
from badgepin.services import badge_batch, batch_plan
from badgepin.services.badge_batch import Created
from badgepin.services.batch_plan import Position, WantedBatch
from badgepin.services.qr_code_pin import CodeRules
from badgepin.web.installation import Installation


async def plan_batch(installation: Installation, call: Call, wanted: WantedBatch) -> Created:
    """A batch with everybody in it, ready to be started; nothing has happened to anybody.

    Raises `NotPermitted`, `NotFound`, `InvalidValue`, `Conflict`.
    """
    database, rules = installation.database, installation.lockout_rules
    limits = CodeRules(installation.settings.standard_max_days)
    created = await database.write(lambda tx: badge_batch.create(tx, call, wanted, limits))
    batch_id = created.batch.id
    try:
        at: Position | None = Position()
        while at is not None:
            plan = partial(batch_plan.plan_portion, call=call, wanted=wanted, at=at, rules=rules)
            portion = await database.read(plan)
            await database.write(partial(batch_plan.add_rows, call=call, batch_id=batch_id, rows=portion.rows))
            at = portion.following
    except DomainError:
        await database.write(lambda tx: badge_batch.drop(tx, call, batch_id))
        raise
    await database.write(lambda tx: badge_batch.finish_planning(tx, call, batch_id))
    return created
