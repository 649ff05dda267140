"""Beyond Graph: what the desk of the signed-in person looks like."""

from badgepin.graph.body import Json
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services.desk import read_desk


async def get_desk(request: GraphRequest) -> GraphResponse:
    """GET who is at the desk, which stores they look after, and which of the administration's pages are theirs."""
    desk = await request.installation.database.read(lambda tx: read_desk(tx, request.call))
    settings = request.installation.settings
    answer: Json = {
        "@odata.context": request.context("badgepin/desk"),
        "id": desk.person.id,
        "displayName": desk.person.display_name,
        "userPrincipalName": desk.person.user_principal_name,
        "roleDisplayNames": list(desk.role_names),
        "seesPeople": desk.sees_people,
        "seesEverybody": desk.sees_everybody,
        "units": [{"id": unit.id, "displayName": unit.display_name} for unit in desk.units],
        "pages": list(desk.pages),
        "may": list(desk.may),
        "temporaryPinDays": settings.temporary_pin_days,
        "replacementOverlaps": settings.replacement_overlap,
    }
    return request.answer(answer)
