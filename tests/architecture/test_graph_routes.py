"""The route table of the Graph door: nothing is served without a permission."""

from collections import Counter

from badgepin.graph import permissions
from badgepin.graph.permissions import Permission
from badgepin.graph.routes import ROUTES

# `$batch` has no permission of its own: each request in it passes all steps as if it came alone
WITHOUT_SCOPES = {("POST", "/$batch")}


def test_every_route_has_a_permission_from_the_table() -> None:
    known = [value for value in vars(permissions).values() if isinstance(value, Permission)]
    assert all(route.permission in known for route in ROUTES)


def test_only_batches_are_open_to_a_token_without_scopes() -> None:
    unscoped = {
        (route.verb, route.path)
        for route in ROUTES
        if not route.permission.delegated and not route.permission.application
    }
    assert unscoped == WITHOUT_SCOPES


def test_no_verb_is_listed_twice_for_a_path() -> None:
    counted = Counter((route.verb, route.path.lower()) for route in ROUTES)
    assert [key for key, count in counted.items() if count > 1] == []


def test_writing_needs_a_scope_that_reading_does_not_give() -> None:
    reading = [route for route in ROUTES if route.verb != "GET"]
    for route in reading:
        scopes = route.permission.delegated | route.permission.application
        readers = {scope for scope in scopes if ".Read." in scope or scope.endswith(".Read")}
        assert not readers, f"{route.verb} {route.path} is open to {readers}"
