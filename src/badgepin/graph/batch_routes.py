"""The operations on batches: badges of many people issued or revoked at once."""

from badgepin.graph import badge_batch
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

_BATCHES = "/badgepin/batches"
_BATCH = f"{_BATCHES}/{{batch}}"
_DOCUMENT = f"{_BATCH}/documents/{{document}}"

BATCH_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _BATCHES,
        may.METHOD_WRITE,
        badge_batch.create_batch,
        "badgeBatchRequest",
        "badgeBatch",
        (200, 202),
    ),
    Route(
        "GET",
        _BATCHES,
        may.METHOD_WRITE,
        badge_batch.list_batches,
        None,
        "badgeBatch[]",
        schema=badge_batch.SCHEMA,
    ),
    Route("GET", _BATCH, may.METHOD_WRITE, badge_batch.get_batch, None, "badgeBatch"),
    Route(
        "GET",
        f"{_BATCH}/rows",
        may.METHOD_WRITE,
        badge_batch.list_rows,
        None,
        "badgeBatchRow[]",
        schema=badge_batch.ROWS_SCHEMA,
    ),
    Route(
        "POST",
        f"{_BATCH}/start",
        may.METHOD_WRITE,
        badge_batch.start_batch,
        "badgeBatchStart",
        "badgeBatch",
        (202,),
    ),
    Route("POST", f"{_BATCH}/cancel", may.METHOD_WRITE, badge_batch.cancel_batch, None, "badgeBatch"),
    Route("GET", _DOCUMENT, may.METHOD_WRITE, badge_batch.get_document),
    Route("POST", f"{_BATCH}/confirm", may.METHOD_WRITE, badge_batch.confirm_batch, "badgeBatchReceipt", "badgeBatch"),
)
