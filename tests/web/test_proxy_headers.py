"""What a proxy's headers change, at every door: the client's address behind a listed proxy, and nothing else ever."""

import asyncio
from collections.abc import Iterator

import pytest

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.reference_client import SignedIn
from badgepin.store import method_policy
from tests.graph.conftest import ring, runner
from tests.graph.world import BASE, START, TENANT, World, build
from tests.portal.screen import Screen, settled_badge

__all__ = ["ring", "runner"]

CLIENT, LISTED = "203.0.113.9", "127.0.0.1"
INVENTED = {
    "x-forwarded-for": f"198.51.100.66, {CLIENT}",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "gopher",
    "x-forwarded-port": "1",
    "x-forwarded-prefix": "/evil",
    "x-original-url": "/evil",
    "forwarded": "for=198.51.100.66;host=evil.example;proto=gopher",
    "x-real-ip": "198.51.100.66",
    "true-client-ip": "198.51.100.66",
}


@pytest.fixture(params=[(), (LISTED,)], ids=["nobody listed", "proxy listed"])
def world(request: pytest.FixtureRequest, database_url: str, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    """A tenant whose requests come from 127.0.0.1, a proxy or not."""
    made = build(database_url, ring, runner, trusted_proxies=request.param)
    made.transact(lambda tx: method_policy.save(tx, TENANT, MethodPolicy(state=PolicyState.ENABLED), START))
    yield made
    made.close()


def _expected(world: World) -> str:
    return CLIENT if world.installation.settings.trusted_proxies else LISTED


def test_the_audit_log_says_where_a_manager_was(world: World) -> None:
    manager, sent = world.person("authentication_administrator"), {"standardQRCode": {}, "pin": {"code": "13572468"}}
    made = world.request("PUT", world.method_path("worker"), token=manager, json=sent, headers=INVENTED)
    assert made.status_code == 201, made.text
    reader = world.application("AuditLog.Read.All")
    newest = world.request("GET", "/auditLogs/directoryAudits", token=reader).json()["value"][0]
    assert newest["initiatedBy"]["user"]["ipAddress"] == _expected(world)


def test_the_sign_in_log_says_where_the_person_was(world: World) -> None:
    badge = settled_badge(world)
    # the first sign-in, with a PIN of one's own, is another line of the log
    world.clock.move(seconds=1)
    screen = Screen(world)
    screen.headers = dict(INVENTED)
    assert isinstance(screen.sign_in(badge, "90417263"), SignedIn)
    token = world.application("AuditLog.Read.All")
    newest = world.request("GET", "/auditLogs/signIns", token=token).json()["value"][0]
    assert newest["ipAddress"] == _expected(world)


def test_no_header_changes_what_the_server_calls_itself(world: World) -> None:
    paths = (f"/{TENANT}/v2.0/.well-known/openid-configuration", f"/{TENANT}/sign-in", "/v1.0/$metadata")
    for path in paths:
        plain = world.request("GET", path, plain=True)
        told = world.request("GET", path, plain=True, headers=INVENTED)
        assert told.status_code == plain.status_code
        assert "evil" not in told.text + str(told.headers)
    issuer = world.request("GET", paths[0], plain=True, headers=INVENTED | {"host": "evil.example"}).json()["issuer"]
    assert issuer == f"{BASE}/{TENANT}/v2.0"
