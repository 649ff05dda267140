"""The tenant on the wire."""

from badgepin.domain.tenant import Tenant
from badgepin.graph.body import Json
from badgepin.graph.json import collection, instant_text
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services.organization import get_organization


async def list_organizations(request: GraphRequest) -> GraphResponse:
    """GET the tenant, as a list of one."""
    tenant = await request.installation.database.read(lambda tx: get_organization(tx, request.call))
    return request.answer(collection(request.context("organization"), [_organization_json(tenant)]))


def _organization_json(tenant: Tenant) -> Json:
    return {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "createdDateTime": instant_text(tenant.created_at),
        "verifiedDomains": [{"name": tenant.default_domain, "isDefault": True, "isInitial": True}],
    }
