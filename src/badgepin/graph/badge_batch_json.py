"""Batches on the wire: what a body asks for, and how a batch stands."""

from datetime import datetime

from badgepin.domain.badge_batch import (
    BadgeBatch,
    BatchDocument,
    BatchKind,
    BatchRow,
    BatchState,
    RowResult,
    percent_complete,
)
from badgepin.domain.qr_code import CodeKind
from badgepin.graph.body import Json, boolean, instant, integer, invalid, text, texts
from badgepin.graph.errors import code_of
from badgepin.graph.json import instant_text
from badgepin.services.badge_batch import Overview
from badgepin.services.batch import Selection
from badgepin.services.batch_plan import WantedBatch

_MOST_NAMES = 5000
_LONGEST_NAME = 113
_MOST_DAYS = 395
# as Graph says it of a long-running operation
_STATUS = {
    BatchState.PLANNING: "notStarted",
    BatchState.PLANNED: "notStarted",
    BatchState.RUNNING: "running",
    BatchState.SUCCEEDED: "succeeded",
    BatchState.COLLECTED: "succeeded",
    BatchState.EXPIRED: "failed",
    BatchState.FAILED: "failed",
    BatchState.CANCELLED: "cancelled",
}
_WAYS = "Choose in one way: 'userIds', 'groupId', 'unitId', 'allWithoutMethod' or, for a revocation, 'everybody'."


def read_wanted(body: Json, *, strict: bool, may_overlap: bool) -> WantedBatch:
    """What a body asks for; `may_overlap`: as the operator set it. Raises `InvalidValue`."""
    kind = text(body, "kind") or BatchKind.ISSUE.value
    if kind not in set(BatchKind):
        raise invalid(f"There is no kind '{kind[:40]}': choose {' or '.join(BatchKind)}.")
    days = integer(body, "endsWithinDays")
    if days is not None and not 0 <= days <= _MOST_DAYS:
        raise invalid(f"'endsWithinDays' must be 0 to {_MOST_DAYS}.")
    return WantedBatch(
        BatchKind(kind),
        _selection(body, BatchKind(kind)),
        instant(body, "expireDateTime", strict=strict),
        days,
        may_overlap,
        instant(body, "issuedBeforeDateTime", strict=strict),
        _code_kinds(body),
    )


def _selection(body: Json, kind: BatchKind) -> Selection:
    users = texts(body, "userIds")
    group, unit = text(body, "groupId"), text(body, "unitId")
    without, everybody = boolean(body, "allWithoutMethod"), boolean(body, "everybody")
    # everybody whose badge ends is a choice too
    everybody = everybody or (
        kind is BatchKind.ISSUE and body.get("endsWithinDays") is not None and not (group or unit)
    )
    ways = [bool(users), bool(group), bool(unit), bool(without), bool(everybody) and not users]
    if sum(ways) != 1 or (without and kind is BatchKind.REVOKE):
        raise invalid(_WAYS)
    if everybody and kind is BatchKind.ISSUE and body.get("endsWithinDays") is None:
        raise invalid("For everybody, choose 'allWithoutMethod' or 'endsWithinDays'.")
    if users and (len(users) > _MOST_NAMES or any(not 0 < len(name) <= _LONGEST_NAME for name in users)):
        raise invalid(f"'userIds' must be at most {_MOST_NAMES} ids or user principal names.")
    return Selection(
        tuple(dict.fromkeys(users or ())),
        group.lower() if group else None,
        unit.lower() if unit else None,
        all_without_method=bool(without),
    )


def _code_kinds(body: Json) -> tuple[CodeKind, ...]:
    given = texts(body, "codeKinds")
    if given is None:
        return tuple(CodeKind)
    if not given or not set(given) <= set(CodeKind):
        raise invalid(f"'codeKinds' must be some of {', '.join(CodeKind)}.")
    return tuple(CodeKind(kind) for kind in dict.fromkeys(given))


def read_digests(body: Json) -> dict[str, str]:
    """What a confirmation says of each document. Raises `InvalidValue`."""
    given = body.get("documents")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise invalid("'documents' must be a list of objects, each with 'id' and 'sha256'.")
    return {text(item, "id") or "": text(item, "sha256") or "" for item in given}


def overview_json(overview: Overview, now: datetime) -> Json:
    """`badgeBatch` with its counts."""
    batch, results = overview.batch, overview.results
    wanted = sum(count for result, count in results.items() if result != RowResult.SKIPPED.value)
    done = wanted - results[RowResult.PLANNED.value]
    return {
        **batch_json(batch, now),
        "percentComplete": percent_complete(done, wanted, batch.state),
        "totalCount": results.total(),
        "wantedCount": wanted,
        "doneCount": done,
        "announced": [{"name": name, "count": count} for name, count in sorted(overview.fates.items())],
        "results": [{"name": name, "count": count} for name, count in sorted(results.items())],
        "documents": [document_json(document) for document in overview.documents],
    }


def batch_json(batch: BadgeBatch, now: datetime) -> Json:
    """`badgeBatch` as a list shows it."""
    return {
        "id": batch.id,
        "kind": batch.kind.value,
        "status": _STATUS[batch.state],
        "collection": _collection(batch, now),
        "createdDateTime": instant_text(batch.created_at),
        "createdBy": batch.created_by,
        "createdByDisplayName": batch.created_by_name or None,
        "previewExpireDateTime": _moment(batch.preview_ends_at if batch.state is BatchState.PLANNED else None),
        "finishedDateTime": _moment(batch.finished_at),
        "collectByDateTime": _moment(batch.collect_ends_at),
        "settledDateTime": _moment(batch.settled_at),
        "message": batch.message or None,
    }


def _collection(batch: BadgeBatch, now: datetime) -> str:
    """What became of the documents: `none`, `pending`, `ready`, `confirmed`, `expired` or `revoked`."""
    if batch.kind is BatchKind.REVOKE:
        return "none"
    if batch.state is BatchState.COLLECTED:
        return "confirmed"
    if batch.state is BatchState.SUCCEEDED and batch.collect_ends_at is not None:
        return "ready" if batch.may_be_collected(now) else "expired"
    if batch.state is BatchState.EXPIRED:
        return "expired"
    if batch.state in {BatchState.FAILED, BatchState.CANCELLED}:
        return "revoked"
    return "none" if batch.state is BatchState.SUCCEEDED else "pending"


def document_json(document: BatchDocument) -> Json:
    """`badgeBatchDocument`."""
    return {"id": document.name, "kind": document.kind, "count": document.count, "size": document.size}


def row_json(row: BatchRow) -> Json:
    """`badgeBatchRow`."""
    return {
        "id": str(row.number),
        "named": row.named,
        "userId": row.user_id,
        "userDisplayName": row.display_name or None,
        "userPrincipalName": row.user_principal_name or None,
        "announced": row.fate,
        "qrCodeId": row.code_id,
        "qrCodeKind": row.code_kind,
        "result": row.result.value,
        "problem": code_of(row.problem) if row.problem else None,
    }


def _moment(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)
