"""The device authorization endpoint (RFC 8628 3.1), and the page on which somebody approves a device."""

from dataclasses import dataclass
from urllib.parse import urlencode

from badgepin.domain.tenant import Tenant
from badgepin.oidc.authorization_request import AuthorizationRefused, read_parameters, read_scopes
from badgepin.oidc.errors import TokenError, invalid_client
from badgepin.oidc.token import Json, TokenRequest, find_application, read_form, read_proof
from badgepin.services import device as services
from badgepin.services import session as sessions
from badgepin.services.authorization import AtToken
from badgepin.services.device import NewDevice
from badgepin.store.transaction import Transaction
from badgepin.web.cookies import form_token, is_form_token
from badgepin.web.installation import Installation
from badgepin.web.plain_page import PlainPage, question_page, sentence_page

_CODE = "user_code"


async def answer_device_request(installation: Installation, request: TokenRequest) -> Json:
    """A device asks for its codes. Raises `TokenError`."""
    if not installation.settings.device_flow:
        raise TokenError(400, "unauthorized_client", "The device grant is switched off here (setting device_flow).")
    form, now = read_form(request), installation.clock()
    client = read_proof(installation, request, form)
    try:
        scopes = read_scopes(form.get("scope", ""), installation.settings.base_url)
    except AuthorizationRefused as error:
        raise TokenError(400, error.error, error.description) from error

    def work(tx: Transaction) -> NewDevice | None:
        found = find_application(tx, request.tenant, client, now)
        if found is None or not (found[1] or found[0].is_public_somewhere):
            return None
        at = AtToken(request.tenant.id, *found, installation.session_reading, installation.keys, now)
        return services.begin(tx, at, scopes)

    made = await installation.database.write(work)
    if made is None:
        raise invalid_client(by_basic=client.by_basic)
    page = f"{installation.settings.base_url}/{request.tenant.id}/device"
    shown = f"{made.user_code[:4]}-{made.user_code[4:]}"
    return {
        "device_code": made.device_code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{urlencode({_CODE: shown})}",
        "expires_in": int(services.LIFE.total_seconds()),
        "interval": services.INTERVAL,
        "message": f"Open {page} and enter the code {shown}.",
    }


@dataclass(frozen=True)
class DevicePage:
    """A page and its status."""

    page: PlainPage
    status: int = 200


async def show_device(
    installation: Installation, tenant: Tenant, encoded: str, session: str | None, *, posted: bool
) -> DevicePage:
    """Who signs which device in: asked once more before anything is granted."""
    path, values = f"/{tenant.id}/device", read_parameters(encoded).values
    reading, now = installation.session_reading, installation.clock()
    code = values.get(_CODE, "")

    def work(tx: Transaction) -> DevicePage:
        person = sessions.use_session(tx, tenant.id, session, reading, now) if session else None
        if person is None or session is None:
            sentence = f"Sign in with your badge at /{tenant.id}/sign-in first, then open this page again."
            return DevicePage(sentence_page("Sign in first", sentence), 401)
        found = services.find_waiting(tx, tenant.id, code, now) if code else None
        if found is None:
            sentence = "Open this page with the address that the device shows. No device waits under this code."
            return DevicePage(sentence_page("Which device?", sentence), 404)
        waiting, application = found
        if posted and is_form_token(values.get("token", ""), session):
            if values.get("answer") == "no":
                services.deny(tx, tenant.id, waiting, now)
                return DevicePage(sentence_page("Turned away", "That device was not signed in."))
            services.approve(tx, tenant.id, waiting, person, now)
            return DevicePage(sentence_page("Done", f"{application.display_name} is signed in as you on that device."))
        fields = {_CODE: code, "token": form_token(session)}
        sentence = (
            f"{application.display_name} on a device that shows {code} wants to act as {person.display_name}. "
            "Go on only if you hold that device in your hands."
        )
        return DevicePage(question_page("Sign a device in?", sentence, path, "Sign it in", fields, refuse="No"))

    return await installation.database.write(work)
