"""A log as a file, JSON lines or CSV: streamed page by page, the oldest first, in little memory however long it is."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from badgepin.domain.audit import OCCURRED_AT, RecordedEvent
from badgepin.domain.filter import Comparison, Operator, both
from badgepin.domain.query import Page, Query, Sort
from badgepin.graph.body import Json, invalid
from badgepin.graph.directory_audit import audit_json
from badgepin.graph.json import encode
from badgepin.graph.query import read_query
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.graph.sign_in_log import sign_in_json
from badgepin.services.audit_log import list_events

_AT_ONCE = 500
# what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OPTIONS = frozenset({"$filter", "$format"})


class Format(StrEnum):
    """How a log is written."""

    JSONL = "jsonl"
    CSV = "csv"


_MEDIA = {Format.JSONL: "application/x-ndjson", Format.CSV: "text/csv;charset=utf-8"}


@dataclass(frozen=True)
class Log:
    """One of the two logs: how an event is written, and the columns of a CSV file with the way to each value."""

    sign_ins: bool
    write: Callable[[RecordedEvent], Json]
    columns: Mapping[str, tuple[str, ...]]


AUDITS = Log(
    sign_ins=False,
    write=audit_json,
    columns={
        "activityDateTime": ("activityDateTime",),
        "activityDisplayName": ("activityDisplayName",),
        "category": ("category",),
        "result": ("result",),
        "resultReason": ("resultReason",),
        "initiatedByUserId": ("initiatedBy", "user", "id"),
        "initiatedByUserPrincipalName": ("initiatedBy", "user", "userPrincipalName"),
        "initiatedByIpAddress": ("initiatedBy", "user", "ipAddress"),
        "initiatedByAppId": ("initiatedBy", "app", "appId"),
        "initiatedByAppName": ("initiatedBy", "app", "displayName"),
        "targetId": ("targetResources", "id"),
        "targetType": ("targetResources", "type"),
        "targetName": ("targetResources", "displayName"),
        "targetUserPrincipalName": ("targetResources", "userPrincipalName"),
        "modifiedProperties": ("targetResources", "modifiedProperties"),
        "additionalDetails": ("additionalDetails",),
        "correlationId": ("correlationId",),
        "id": ("id",),
    },
)
SIGN_INS = Log(
    sign_ins=True,
    write=sign_in_json,
    columns={
        "createdDateTime": ("createdDateTime",),
        "userId": ("userId",),
        "userPrincipalName": ("userPrincipalName",),
        "userDisplayName": ("userDisplayName",),
        "appId": ("appId",),
        "appDisplayName": ("appDisplayName",),
        "ipAddress": ("ipAddress",),
        "errorCode": ("status", "errorCode"),
        "failureReason": ("status", "failureReason"),
        "statusDetails": ("status", "additionalDetails"),
        "authenticationMethodDetail": ("authenticationDetails", "authenticationMethodDetail"),
        "correlationId": ("correlationId",),
        "id": ("id",),
    },
)


async def export_directory_audits(request: GraphRequest) -> GraphResponse:
    """GET the audit log as a file, the oldest event first: `$format=jsonl` or `csv`, narrowed by `$filter`."""
    return await _answer(request, AUDITS, "directory-audits")


async def export_sign_ins(request: GraphRequest) -> GraphResponse:
    """GET the sign-ins as a file, the oldest first: `$format=jsonl` or `csv`, narrowed by `$filter`."""
    return await _answer(request, SIGN_INS, "sign-ins")


async def _answer(request: GraphRequest, log: Log, name: str) -> GraphResponse:
    others = request.query.keys() - _OPTIONS
    if others:
        raise invalid(f"'{min(others)[:60]}' is not supported here: there are $filter and $format.")
    given = request.query.get("$format", Format.JSONL).casefold()
    if given not in set(Format):
        raise invalid("$format must be jsonl or csv.")
    form = Format(given)
    database = request.installation.database

    async def read(query: Query) -> Page[RecordedEvent]:
        return await database.read(lambda tx: list_events(tx, request.call, query, sign_ins=log.sign_ins))

    # what happens while the file is written belongs into the next one
    until = Comparison(OCCURRED_AT, Operator.LESS_OR_EQUAL, request.call.now)
    query = read_query(request)
    pages = exported_pages(read, replace(query, filter=both(query.filter, until)))
    first = await anext(pages)
    headers = {
        "content-type": _MEDIA[form],
        "content-disposition": f'attachment; filename="{name}.{form.value}"',
        "cache-control": "no-store",
    }
    return GraphResponse(200, headers=headers, stream=_stream(log, form, first, pages))


async def exported_pages(
    read: Callable[[Query], Awaitable[Page[RecordedEvent]]], query: Query
) -> AsyncIterator[Sequence[RecordedEvent]]:
    """Every page of what a query matches, the oldest event first."""
    query = replace(query, limit=_AT_ONCE, sort=(Sort(OCCURRED_AT),), after=None)
    while True:
        page = await read(query)
        yield page.items
        if page.after is None:
            return
        query = replace(query, after=page.after)


def written(log: Log, form: Format, events: Sequence[RecordedEvent], *, heads: bool) -> bytes:
    """Events as lines; `heads`: with the names of the columns first, where there are any."""
    if form is Format.JSONL:
        return b"".join(encode(log.write(event)) + b"\n" for event in events)
    text = io.StringIO()
    writer = csv.writer(text)
    if heads:
        writer.writerow(log.columns)
    for event in events:
        item = log.write(event)
        writer.writerow([_cell(item, way) for way in log.columns.values()])
    return text.getvalue().encode()


async def _stream(
    log: Log, form: Format, first: Sequence[RecordedEvent], pages: AsyncIterator[Sequence[RecordedEvent]]
) -> AsyncIterator[bytes]:
    yield written(log, form, first, heads=True)
    async for events in pages:
        yield written(log, form, events, heads=False)


def _cell(item: Json, way: tuple[str, ...]) -> str:
    value: Any = item
    for name in way:
        value = value[0] if isinstance(value, list) else value
        value = (value or {}).get(name)
    if value is None:
        return ""
    text = value if isinstance(value, str) else encode(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
