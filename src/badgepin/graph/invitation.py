"""Beyond Graph: invitations to the desk. The link is in the answer that makes it, and never again."""

from badgepin.domain.desk import Invitation
from badgepin.graph.body import Json
from badgepin.graph.json import collection, instant_text
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import invitation as services

_NO_STORE = {"cache-control": "no-store"}


async def invite(request: GraphRequest) -> GraphResponse:
    """POST an invitation; an older one of the same person ends: 201 with the link, once."""
    made = await request.installation.database.write(lambda tx: services.invite(tx, request.call, request.user))
    link = services.link_to(request.installation.settings.base_url, request.call.tenant_id, made.secret)
    context: Json = {"@odata.context": f"{_context(request, made.person.id)}/$entity"}
    return request.answer(context | invitation_json(made.invitation, link), status=201, headers=_NO_STORE)


async def list_invitations(request: GraphRequest) -> GraphResponse:
    """GET the invitations of a person that can still be taken up, without their links."""
    person, found = await request.installation.database.read(
        lambda tx: services.list_open(tx, request.call, request.user)
    )
    return request.answer(collection(_context(request, person.id), [invitation_json(each) for each in found]))


async def withdraw(request: GraphRequest) -> GraphResponse:
    """DELETE an invitation: its link is worthless from now on: 204."""
    await request.installation.database.write(
        lambda tx: services.withdraw(tx, request.call, request.user, request.keys["invitation"])
    )
    return NO_CONTENT


def invitation_json(invitation: Invitation, link: str | None = None) -> Json:
    """`deskInvitation`."""
    return {
        "id": invitation.id,
        "link": link,
        "createdDateTime": instant_text(invitation.created_at),
        "expiresDateTime": instant_text(invitation.expires_at),
        "createdBy": invitation.created_by,
    }


def _context(request: GraphRequest, user: str) -> str:
    return request.context(f"badgepin/users('{user}')/invitations")
