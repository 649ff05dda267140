"""Signing out when an application asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from badgepin.crypto.token import BadToken
from badgepin.domain.application import Application
from badgepin.domain.session import Session
from badgepin.domain.tenant import Tenant
from badgepin.oidc.authorization_request import AuthorizationRefused, Parameters, read_parameters
from badgepin.oidc.token import issuer_of
from badgepin.services import authorization
from badgepin.services import session as services
from badgepin.services.attempt import Attempt
from badgepin.store.transaction import Transaction
from badgepin.web.cookies import is_form_token
from badgepin.web.installation import Installation


@dataclass(frozen=True)
class Ask:
    """Somebody is signed in and the application did not prove that it may end that: ask them."""


@dataclass(frozen=True)
class SignedOut:
    """Nobody is signed in any more; `location` is where to go on, None for nowhere."""

    location: str | None


async def end_session(
    installation: Installation, tenant: Tenant, encoded: str, session: str | None, attempt: Attempt
) -> Ask | SignedOut:
    """End the session of this browser. Raises `AuthorizationRefused` when the request cannot be read."""
    parameters = read_parameters(encoded)
    hint = _hint(installation, tenant, parameters)
    reading = installation.session_reading

    def work(tx: Transaction) -> Ask | SignedOut:
        application = _application(tx, tenant, parameters, hint)
        found = services.find_session(tx, tenant.id, session, reading, attempt.now) if session else None
        if found is not None and session is not None:
            if not _may_end(found, hint, parameters, session):
                return Ask()
            services.sign_out(tx, attempt, found)
        return SignedOut(_location(application, parameters))

    return await installation.database.write(work)


def _hint(installation: Installation, tenant: Tenant, parameters: Parameters) -> dict[str, object]:
    token = parameters.values.get("id_token_hint")
    if not token:
        return {}
    claims = installation.tokens.read_signed(token)
    if isinstance(claims, BadToken) or claims.get("iss") != issuer_of(installation, tenant):
        raise AuthorizationRefused("invalid_request", "The id_token_hint is not an ID token from here.")
    return dict(claims)


def _may_end(session: Session, hint: dict[str, object], parameters: Parameters, cookie: str) -> bool:
    if hint.get("sid") == session.id:
        return True
    return is_form_token(parameters.values.get("token", ""), cookie)


def _application(
    tx: Transaction, tenant: Tenant, parameters: Parameters, hint: dict[str, object]
) -> Application | None:
    named = parameters.values.get("client_id") or hint.get("aud")
    if not isinstance(named, str) or "\x00" in named or (hint and named != hint.get("aud")):
        return None
    return authorization.find_client(tx, tenant.id, named)


def _location(application: Application | None, parameters: Parameters) -> str | None:
    uri = parameters.values.get("post_logout_redirect_uri")
    if application is None or uri is None or not application.accepts(uri):
        return None
    state = parameters.values.get("state")
    if state is None:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"
