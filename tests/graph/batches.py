"""Batches as a test drives them: look, start, wait, fetch, confirm."""

import hashlib
from typing import Any

import httpx

from tests.graph.world import World, guid

BATCHES = "/badgepin/batches"
KEY = "badgepin-document-key"


def named(*names: str) -> dict[str, Any]:
    """A selection of people."""
    return {"userIds": [guid(name) for name in names]}


def create(world: World, wanted: dict[str, Any], token: str | None = None, **body: Any) -> dict[str, Any]:
    """A batch that was started, or with `dryRun` only looked at."""
    answer = world.request("POST", BATCHES, token=token or world.admin, json=wanted | body)
    assert answer.status_code == (200 if body.get("dryRun") else 202), answer.text
    return dict(answer.json())


def start(world: World, batch: dict[str, Any], preview: str, token: str | None = None) -> httpx.Response:
    """Start what was seen."""
    path = f"{BATCHES}/{batch['id']}/start"
    return world.request("POST", path, token=token or world.admin, json={"previewToken": preview})


def wait(world: World, batch: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """The batch once its node is done with it."""
    world.run(world.installation.background.idle())
    return get(world, batch, token)


def get(world: World, batch: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """How it stands."""
    answer = world.request("GET", f"{BATCHES}/{batch['id']}", token=token or world.admin)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def rows(world: World, batch: dict[str, Any], token: str | None = None) -> list[dict[str, Any]]:
    """Its people."""
    answer = world.request("GET", f"{BATCHES}/{batch['id']}/rows", token=token or world.admin)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def fetch(world: World, batch: dict[str, Any], name: str, key: str, token: str | None = None) -> httpx.Response:
    """One document."""
    path = f"{BATCHES}/{batch['id']}/documents/{name}"
    return world.request("GET", path, token=token or world.admin, headers={KEY: key})


def collect(world: World, batch: dict[str, Any], key: str, token: str | None = None) -> dict[str, bytes]:
    """Every document of a batch that is done."""
    found = {}
    for document in get(world, batch, token)["documents"]:
        answer = fetch(world, batch, document["id"], key, token)
        assert answer.status_code == 200, answer.text
        assert len(answer.content) == document["size"]
        found[document["id"]] = answer.content
    return found


def confirm(
    world: World, batch: dict[str, Any], key: str, documents: dict[str, bytes], token: str | None = None
) -> httpx.Response:
    """Say that they arrived."""
    said = [{"id": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in documents.items()]
    path = f"{BATCHES}/{batch['id']}/confirm"
    return world.request("POST", path, token=token or world.admin, headers={KEY: key}, json={"documents": said})


def counts(batch: dict[str, Any], what: str = "results") -> dict[str, int]:
    """How many of each."""
    return {each["name"]: each["count"] for each in batch[what]}
