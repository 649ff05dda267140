"""Beyond Graph: what a manager needs at the desk when a sign-in was refused."""

from pathlib import Path

from badgepin.domain.eligibility import MayNotUse, MayUse
from badgepin.graph.body import Json, text
from badgepin.graph.json import instant_text
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import eligibility as eligibilities
from badgepin.services import explanation
from badgepin.services import pin as pins
from badgepin.web.refusal_log import find_refusal

_LONGEST_REASON = 256


async def unlock_pin(request: GraphRequest) -> GraphResponse:
    """POST lets a locked-out person try again now; the lifetime budget stays as it is: 204."""
    await request.installation.database.write(
        lambda tx: pins.unlock_pin(
            tx, request.call, request.user, lambda: text(request.body(), "reason", longest=_LONGEST_REASON) or ""
        )
    )
    return NO_CONTENT


async def explain_handle(request: GraphRequest) -> GraphResponse:
    """GET the cause and the fix behind the four characters on a refused screen."""
    handle = request.keys["handle"]
    seen = find_refusal(Path(request.installation.settings.data), handle.upper())
    early = (seen.occurred_at, seen.cause) if seen else None
    found = await request.installation.database.read(lambda tx: explanation.explain(tx, request.call, handle, early))
    answer: Json = {
        "@odata.context": request.context("badgepin/handles/$entity"),
        "id": found.handle,
        "cause": found.cause,
        "fix": found.fix,
        "denial": found.denial or None,
        "occurredDateTime": instant_text(found.occurred_at) if found.occurred_at else None,
        "userId": found.user_id,
        "userPrincipalName": found.user_principal_name,
    }
    return request.answer(answer)


async def get_eligibility(request: GraphRequest) -> GraphResponse:
    """GET whether a person may use the method now, and if not, the cause and the fix."""
    found = await request.installation.database.read(
        lambda tx: eligibilities.read_eligibility(tx, request.call, request.user)
    )
    judged = found.eligibility
    bar = judged if isinstance(judged, MayNotUse) else None
    path = f"users('{found.person.id}')/authentication/qrCodePinMethod/eligibility"
    answer: Json = {
        "@odata.context": request.context(path),
        "userId": found.person.id,
        "isEligible": bar is None,
        "isRegistrationRequired": isinstance(judged, MayUse) and judged.is_registration_required,
        "reason": bar.obstacle.value if bar else None,
        "cause": found.cause or None,
        "fix": found.fix or None,
        "groupId": bar.group_id if bar else None,
    }
    return request.answer(answer)
