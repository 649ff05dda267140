"""Beyond Graph: badges for many at once, as a long-running operation: look, start, watch, collect, confirm."""

import time
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import quote

from badgepin.crypto.randomness import new_guid
from badgepin.domain.badge_batch import RESULT, BatchKind
from badgepin.graph.access import require_fresh
from badgepin.graph.badge_batch_json import batch_json, overview_json, read_digests, read_wanted, row_json
from badgepin.graph.body import Json, boolean, child, invalid, required_text, text
from badgepin.graph.document import read_design
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.printing.layout import layout
from badgepin.services import badge_batch as services
from badgepin.services import batch_delivery
from badgepin.services.batch_delivery import Opened
from badgepin.web.batch_paper import Paper
from badgepin.web.batch_planning import plan_batch
from badgepin.web.batch_run import Run, run_batch

KEY_HEADER = "badgepin-document-key"
SCHEMA = Schema("badgepin.badgeBatch", {}, advanced=False)
ROWS_SCHEMA = Schema("badgepin.badgeBatchRow", {"result": RESULT}, advanced=False)
_BATCHES = "badgepin/batches"
_USUAL_LAYOUT = "cr80-a4"
# a confirmation answers within this time, and goes on when it is asked again
_PATIENCE = 10.0


async def create_batch(request: GraphRequest) -> GraphResponse:
    """POST whom a batch is for; it starts at once, or with `dryRun` it answers what would happen to whom."""
    body = request.body()
    wanted = read_wanted(body, strict=request.strict, may_overlap=request.installation.settings.replacement_overlap)
    is_trial = boolean(body, "dryRun") or False
    paper = await _paper(request, body)
    if wanted.kind is BatchKind.REVOKE and not is_trial:
        raise invalid("Look first: send 'dryRun': true, then start what you saw with its 'previewToken'.")
    if not is_trial:
        require_fresh(request.call.caller, request.call.now)
    created = await plan_batch(request.installation, request.call, wanted)
    if not is_trial:
        return await _start(request, created.batch.id, created.token, paper)
    answer = await _overview(request, created.batch.id)
    return request.answer(answer | {"previewToken": created.token}, headers={"cache-control": "no-store"})


async def start_batch(request: GraphRequest) -> GraphResponse:
    """POST the `previewToken` of what was seen: exactly that is done, and nothing that came since."""
    body, batch_id, call = request.body(), request.keys["batch"], request.call
    batch = await request.installation.database.read(lambda tx: services.get_own(tx, call, batch_id))
    if batch.kind is BatchKind.ISSUE:
        # giving badges needs a proof of the last minutes; revoking never waits
        require_fresh(call.caller, call.now)
    return await _start(request, batch_id, required_text(body, "previewToken"), await _paper(request, body))


async def get_batch(request: GraphRequest) -> GraphResponse:
    """GET how a batch stands: how far it is, what became of how many, and which documents wait."""
    return request.answer(await _overview(request, request.keys["batch"]))


async def list_batches(request: GraphRequest) -> GraphResponse:
    """GET a page of the caller's batches; of everybody's for whoever looks after everybody."""
    return await answer_list(
        request,
        Listed(_BATCHES, lambda batch: batch_json(batch, request.call.now)),
        lambda tx, query: services.list_batches(tx, request.call, query),
    )


async def list_rows(request: GraphRequest) -> GraphResponse:
    """GET a page of a batch's people: what was announced, what became of it, and why not."""
    batch_id = request.keys["batch"]
    return await answer_list(
        request,
        Listed(f"{_BATCHES}('{batch_id}')/rows", row_json),
        lambda tx, query: services.list_rows(tx, request.call, batch_id, query),
    )


async def cancel_batch(request: GraphRequest) -> GraphResponse:
    """POST to stop a batch, or to give up its documents; codes that it made are revoked."""
    batch_id = request.keys["batch"]
    await request.installation.database.write(lambda tx: services.cancel(tx, request.call, batch_id))
    return request.answer(await _overview(request, batch_id))


async def get_document(request: GraphRequest) -> GraphResponse:
    """GET a document with its key; again while the hour lasts, until all of them are confirmed."""
    batch_id, name, key = request.keys["batch"], request.keys["document"], request.headers.get(KEY_HEADER, "")
    opened = await request.installation.database.write(
        lambda tx: batch_delivery.open_document(tx, request.call, batch_id, name, key)
    )
    first = await _piece(request, opened, 0)
    headers = {
        "content-type": "application/pdf",
        "content-disposition": f'attachment; filename="{quote(opened.document.name)}.pdf"',
        # it is key material: no cache may keep a copy
        "cache-control": "no-store",
    }
    return GraphResponse(200, headers=headers, stream=_stream(request, opened, first))


async def confirm_batch(request: GraphRequest) -> GraphResponse:
    """POST the SHA-256 of every document as it arrived: then the codes work, and the documents are gone.

    A large batch takes several calls: the answer says `ready` until every code works, and `confirmed` then.
    """
    batch_id, key = request.keys["batch"], request.headers.get(KEY_HEADER, "")
    digests, call = read_digests(request.body()), request.call
    database, ring = request.installation.database, request.installation.keys
    batch = await database.read(lambda tx: batch_delivery.confirm(tx, call, batch_id, key, digests))
    until = time.monotonic() + _PATIENCE
    while not await database.write(lambda tx: batch_delivery.bring_to_life(tx, call, batch.id, ring)):
        if time.monotonic() > until:
            return request.answer(await _overview(request, batch_id))
    await database.write(lambda tx: batch_delivery.close(tx, call, batch))
    return request.answer(await _overview(request, batch_id))


async def _start(request: GraphRequest, batch_id: str, token: str, paper: Paper) -> GraphResponse:
    installation, call, holder = request.installation, request.call, new_guid()
    started = await installation.database.write(lambda tx: services.start(tx, call, batch_id, token, holder))
    installation.background.start(run_batch(Run(installation, call, started.batch, started.key, paper)))
    answer = await _overview(request, started.batch.id)
    if started.batch.kind is BatchKind.ISSUE:
        answer |= {"documentKey": started.key.text}
    location = f"{request.root}/{_BATCHES}/{started.batch.id}"
    return request.answer(
        answer, status=202, headers={"location": location, "retry-after": "1", "cache-control": "no-store"}
    )


async def _overview(request: GraphRequest, batch_id: str) -> Json:
    overview = await request.installation.database.read(lambda tx: services.read(tx, request.call, batch_id))
    context: Json = {"@odata.context": request.context(f"{_BATCHES}/$entity")}
    return context | overview_json(overview, request.call.now)


async def _paper(request: GraphRequest, body: Json) -> Paper:
    given = child(body, "paper") or {}
    design = await read_design(request, given)
    sheet = layout(text(given, "layout") or _USUAL_LAYOUT)
    if not 1 <= design.starting_label <= sheet.labels:
        raise invalid(f"'startingLabel' must be 1 to {sheet.labels} on this sheet.")
    return Paper(sheet.name, design)


async def _piece(request: GraphRequest, opened: Opened, number: int) -> bytes:
    read = partial(batch_delivery.read_piece, call=request.call, opened=opened, number=number)
    return await request.installation.database.read(read)


async def _stream(request: GraphRequest, opened: Opened, first: bytes) -> AsyncIterator[bytes]:
    yield first
    for number in range(1, opened.pieces):
        yield await _piece(request, opened, number)
