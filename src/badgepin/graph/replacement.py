"""Beyond Graph: a new badge for somebody who still holds the old one."""

from badgepin.graph.body import Json, boolean
from badgepin.graph.qr_code_pin import code_rules, wanted_lifetime
from badgepin.graph.qr_code_pin_json import code_json
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import replacement as services
from badgepin.services.badge import print_qr_code
from badgepin.services.qr_code_pin import read_method
from badgepin.services.replacement import Wanted


async def get_replacement(request: GraphRequest) -> GraphResponse:
    """GET the new code while it waits to take over: 200, without a secret, or 404."""
    admitted = await request.installation.database.read(lambda tx: read_method(tx, request.call, request.user))
    code, old = admitted.method.replacement(), admitted.method.standard_qr_code
    waits = _fate(is_pending=True, old_id=old.id if old else None)
    return request.answer(_context(request, admitted.person.id) | code_json(code) | waits)


async def issue_replacement(request: GraphRequest) -> GraphResponse:
    """POST issues a new standard code; the old one works until the new one is first used: 201 with image, once."""
    installation = request.installation
    done = await installation.database.write(
        lambda tx: services.replace_standard_qr_code(
            tx, request.call, request.user, lambda: _wanted(request), code_rules(request), installation.keys
        )
    )
    printed = print_qr_code(done.issued, installation.settings.payload)
    answer = _context(request, done.admitted.person.id) | code_json(done.issued.code, printed)
    fate = _fate(is_pending=done.is_pending, old_id=done.old.id if done.old else None)
    return request.answer(answer | fate, status=201, headers={"cache-control": "no-store"})


async def revoke_replacement(request: GraphRequest) -> GraphResponse:
    """DELETE takes the new code back; the old one stays: 204."""
    await request.installation.database.write_once(
        lambda tx: services.revoke_replacement(tx, request.call, request.user)
    )
    return NO_CONTENT


async def complete_replacement(request: GraphRequest) -> GraphResponse:
    """POST ends the old code now, used or not: 204."""
    await request.installation.database.write(lambda tx: services.complete_replacement(tx, request.call, request.user))
    return NO_CONTENT


def _wanted(request: GraphRequest) -> Wanted:
    body = request.body()
    ends_now = boolean(body, "endsOldAtOnce")
    overlaps = request.installation.settings.replacement_overlap and not ends_now
    return Wanted(wanted_lifetime(request, body), overlaps)


def _fate(*, is_pending: bool, old_id: str | None) -> Json:
    return {"isPending": is_pending, "replacesQRCodeId": old_id}


def _context(request: GraphRequest, user_id: str) -> Json:
    return {"@odata.context": request.context(f"badgepin/people('{user_id}')/replacement/$entity")}
