"""`/authentication/fido2Methods`: a person's passkeys. Making one takes an invitation and a browser, not this API."""

from badgepin.domain.desk import Passkey
from badgepin.graph.body import Json
from badgepin.graph.json import collection, instant_text
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import passkey as services


async def list_methods(request: GraphRequest) -> GraphResponse:
    """GET a person's passkeys."""
    person, passkeys = await request.installation.database.read(
        lambda tx: services.list_passkeys(tx, request.call, request.user)
    )
    return request.answer(collection(_context(request, person.id), [passkey_json(passkey) for passkey in passkeys]))


async def get_method(request: GraphRequest) -> GraphResponse:
    """GET one passkey."""
    person, passkey = await request.installation.database.read(
        lambda tx: services.get_passkey(tx, request.call, request.user, request.keys["passkey"])
    )
    return request.answer({"@odata.context": f"{_context(request, person.id)}/$entity"} | passkey_json(passkey))


async def delete_method(request: GraphRequest) -> GraphResponse:
    """DELETE a passkey; the sessions it opened end with it: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_passkey(tx, request.call, request.user, request.keys["passkey"])
    )
    return NO_CONTENT


def passkey_json(passkey: Passkey) -> Json:
    """`fido2AuthenticationMethod`; its model is not known, because no attestation is asked for."""
    return {
        "id": passkey.id,
        "displayName": passkey.label,
        "createdDateTime": instant_text(passkey.created_at),
        "aaGuid": passkey.aaguid,
        "model": None,
        "attestationLevel": "notAttested",
        "attestationCertificates": [],
    }


def _context(request: GraphRequest, user_id: str) -> str:
    return request.context(f"users('{user_id}')/authentication/fido2Methods")
