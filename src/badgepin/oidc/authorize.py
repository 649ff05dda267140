"""The authorization endpoint (RFC 6749 4.1.1): it alone decides what comes next, before and after the sign-in page."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from badgepin.domain.authorization import AuthorizationRequest, Prompt
from badgepin.domain.tenant import Tenant
from badgepin.oidc.authorization_request import (
    AuthorizationRefused,
    Destination,
    Parameters,
    check_request,
    named_client,
    read_parameters,
)
from badgepin.oidc.pushed_request import find_pushed, is_pushed
from badgepin.oidc.token import issuer_of
from badgepin.services import authorization as services
from badgepin.services.authorization import ConsentMissing, IssuedCode, PushedBefore
from badgepin.web.installation import Installation
from badgepin.web.sealed_request import seal_request, unseal_request


@dataclass(frozen=True)
class SendBack:
    """Go back to the application with these values."""

    destination: Destination
    values: dict[str, str]


@dataclass(frozen=True)
class SendToSignIn:
    """Go to the sign-in page, which carries the sealed request."""

    path: str


async def authorize(
    installation: Installation, tenant: Tenant, encoded: str, session: str | None
) -> SendBack | SendToSignIn:
    """A request as the application sent it: `encoded` is the query or the form. Raises `AuthorizationRefused`."""
    parameters = read_parameters(encoded)
    client_id = named_client(parameters)
    pushed = parameters.values["request_uri"] if is_pushed(parameters) else ""
    if pushed:
        parameters = find_pushed(installation, tenant, parameters, client_id)
    request = replace(await checked(installation, tenant, parameters), pushed=pushed)
    return await _go_on(installation, tenant, request, session)


async def checked(installation: Installation, tenant: Tenant, parameters: Parameters) -> AuthorizationRequest:
    """The request with everything in it checked. Raises `AuthorizationRefused`."""
    client_id = named_client(parameters)
    application = await installation.database.read(lambda tx: services.find_client(tx, tenant.id, client_id))
    return check_request(parameters, application, installation.settings.base_url, installation.clock())


async def resume(
    installation: Installation, tenant: Tenant, sealed: str, session: str | None
) -> SendBack | SendToSignIn:
    """Back from the sign-in page. Raises `AuthorizationRefused`."""
    request = unseal_request(installation.keys, tenant.id, sealed, installation.clock())
    if request is None:
        raise AuthorizationRefused("invalid_request", "This sign-in took too long: go back to the application.")
    application = await installation.database.read(lambda tx: services.find_client(tx, tenant.id, request.client_id))
    # the registration may have changed since the request was sealed
    if application is None or not application.accepts(request.redirect_uri):
        raise AuthorizationRefused("unauthorized_client", "The application is no longer registered here.")
    return await _go_on(installation, tenant, request, session)


async def _go_on(
    installation: Installation, tenant: Tenant, request: AuthorizationRequest, session: str | None
) -> SendBack | SendToSignIn:
    destination = Destination(request.redirect_uri, request.response_mode, request.state)
    outcome: object = services.SignInNeeded()
    if session is not None:
        now, reading = installation.clock(), installation.session_reading
        outcome = await installation.database.write(
            lambda tx: services.issue_code(tx, tenant.id, request, session, reading, now)
        )
    if isinstance(outcome, IssuedCode):
        return answer(installation, tenant, destination, {"code": outcome.code})
    if isinstance(outcome, PushedBefore):
        raise AuthorizationRefused("invalid_request_uri", "The pushed request was used before.", destination)
    if isinstance(outcome, ConsentMissing):
        error = "consent_required" if request.prompt is Prompt.NONE else "access_denied"
        missing = " ".join(sorted(outcome.scopes))
        raise AuthorizationRefused(error, f"An administrator has not granted the application: {missing}.", destination)
    if request.prompt is Prompt.NONE:
        raise AuthorizationRefused("login_required", "Nobody is signed in.", destination)
    sealed = seal_request(installation.keys, tenant.id, request)
    return SendToSignIn(f"/{tenant.id}/sign-in?{urlencode({'request': sealed})}")


def answer(installation: Installation, tenant: Tenant, destination: Destination, values: dict[str, str]) -> SendBack:
    """The values with what every answer carries: state, and who answers (RFC 9207)."""
    state = {} if destination.state is None else {"state": destination.state}
    return SendBack(destination, {**values, **state, "iss": issuer_of(installation, tenant)})


def refusal(installation: Installation, tenant: Tenant, error: AuthorizationRefused) -> SendBack | None:
    """The refusal on its way to the application, or None when there is no proven place to send it to."""
    if error.destination is None:
        return None
    values = {"error": error.error, "error_description": error.description}
    return answer(installation, tenant, error.destination, values)
