"""The desk is tested in the same world as the Graph API, with the applications that every tenant has."""

import pytest

from badgepin.domain.tenant import BUILT_IN, Tenant
from badgepin.store import tenant
from tests.graph.conftest import ring, runner
from tests.graph.conftest import world as plain_world
from tests.graph.world import START, TENANT, World, guid

__all__ = ["plain_world", "ring", "runner"]


@pytest.fixture
def world(plain_world: World) -> World:
    """A tenant as `badgepin init` makes it, where the API's tests need less."""
    contoso = Tenant(TENANT, "Contoso", "contoso.example", START)
    for application in BUILT_IN:
        plain_world.transact(
            lambda tx, application=application: tenant.insert_built_in(  # type: ignore[misc]
                tx,
                contoso,
                application,
                application_id=guid(application.name),
                service_principal_id=guid(f"{application.name} principal"),
            )
        )
    return plain_world
