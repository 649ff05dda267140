"""The caller that an access token's claims name; every door that takes a bearer token reads it here."""

from collections.abc import Mapping

from badgepin.domain.caller import Caller
from badgepin.domain.ids import canonical_guid

AUDIENCES = frozenset(
    {"https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000"}
)


def read_caller(claims: Mapping[str, object], base_url: str) -> Caller | None:
    """The caller of a token whose signature and times were checked; None when it is not one of this installation."""
    tenant, client, generation = claims.get("tid"), claims.get("appid"), claims.get("gen")
    if not (isinstance(tenant, str) and isinstance(client, str) and isinstance(generation, int)):
        return None
    if not all(canonical_guid(text) for text in (tenant, client)) or claims.get("iss") != f"{base_url}/{tenant}/v2.0":
        return None
    if claims.get("idtyp") == "app":
        roles = claims.get("roles")
        held = frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset()
        return Caller(tenant, client, None, held, generation)
    return _person(claims, tenant, client, generation)


def _person(claims: Mapping[str, object], tenant: str, client: str, generation: int) -> Caller | None:
    user, scp, client_generation = claims.get("oid"), claims.get("scp"), claims.get("cgen")
    if not (isinstance(user, str) and isinstance(scp, str) and isinstance(client_generation, int)):
        return None
    grant = claims.get("grant")
    if canonical_guid(user) is None or not (grant is None or (isinstance(grant, str) and canonical_guid(grant))):
        return None
    return Caller(tenant, client, user, frozenset(scp.split()), generation, client_generation, grant)
