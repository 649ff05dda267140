"""The caller behind the desk's cookie; every door that the desk's page talks to reads it here.

The cookie alone proves nothing: another page of the same browser could send it too. So the page adds what only it can
read, and whatever changes something must come from its own origin (security design 8).
"""

from collections.abc import Mapping
from datetime import datetime

from badgepin.domain.caller import Caller
from badgepin.domain.desk import DeskSession
from badgepin.domain.ids import canonical_guid
from badgepin.services import desk_session as services
from badgepin.web.cookies import DESK, form_token, is_form_token, read_cookie
from badgepin.web.installation import Installation

HEADER = "x-badgepin-desk"
_SAFE = frozenset({"GET", "HEAD"})


def carries_desk_cookie(headers: Mapping[str, str]) -> bool:
    """Whether a request brings the desk's cookie, good or not."""
    return f"{DESK}=" in headers.get("cookie", "")


def page_token(tenant_id: str, cookie: str) -> str:
    """What the desk's page sends in its header."""
    return f"{tenant_id}.{form_token(cookie)}"


def is_same_origin(installation: Installation, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of this installation."""
    return (
        headers.get("origin") == installation.settings.base_url
        and headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


async def read_desk_caller(
    installation: Installation, verb: str, headers: Mapping[str, str], now: datetime
) -> Caller | None:
    """The person at the desk; None without a living session or not from its page. Raises `StoreUnavailable`."""
    tenant_id, _, token = headers.get(HEADER, "").lower().partition(".")
    cookie = read_cookie(headers.get("cookie", ""), DESK)
    if cookie is None or canonical_guid(tenant_id) is None or not is_form_token(token, cookie):
        return None
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return None
    if verb not in _SAFE and not is_same_origin(installation, headers):
        return None
    session = await use_desk_session(installation, tenant_id, cookie, now)
    return None if session is None else services.caller_of(tenant_id, session)


async def use_desk_session(
    installation: Installation, tenant_id: str, cookie: str, now: datetime
) -> DeskSession | None:
    """The living session of a cookie, whose idle time starts anew. Raises `StoreUnavailable`."""
    database, rules = installation.database, installation.desk_rules
    session = await database.read(lambda tx: services.find_session(tx, tenant_id, cookie, rules, now))
    if session is not None and services.is_to_be_noted(session, now):
        await database.write(lambda tx: services.note_use(tx, tenant_id, session, now))
    return session
