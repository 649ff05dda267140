"""The plans of the suite that Badgepin is measured by, and their configurations (`*.json` beside this file).

A configuration holds `{issuer}`, `{origin}`, and `{client_id}` and `{client_secret}` for each client that it names.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_STATIC = "[server_metadata=discovery][client_registration=static_client]"
_LOGOUT = "[response_type=code][client_registration=static_client]"


@dataclass(frozen=True)
class Plan:
    """A plan as the suite's runner names it, with its variant, and the name of its configuration."""

    name: str
    expression: str

    def configuration(self) -> dict[str, Any]:
        """The configuration, not yet filled in."""
        found: dict[str, Any] = json.loads((_HERE / f"{self.name}.json").read_text(encoding="utf-8"))
        return found

    @property
    def clients(self) -> list[str]:
        """The members of the configuration that are clients."""
        return [
            name for name, value in self.configuration().items() if isinstance(value, dict) and "client_id" in value
        ]


PLANS = (
    Plan("config", "oidcc-config-certification-test-plan"),
    Plan("basic", f"oidcc-basic-certification-test-plan{_STATIC}"),
    Plan("rp-initiated-logout", f"oidcc-rp-initiated-logout-certification-test-plan{_LOGOUT}"),
    Plan("back-channel-logout", f"oidcc-backchannel-rp-initiated-logout-certification-test-plan{_LOGOUT}"),
)


@dataclass(frozen=True)
class Registered:
    """A client as the command line registered it."""

    client_id: str
    secret: str


def filled_in(plan: Plan, origin: str, tenant: str, clients: dict[str, Registered]) -> dict[str, Any]:
    """The configuration that the suite gets."""
    places = {"origin": origin, "issuer": f"{origin}/{tenant}/v2.0"}
    found: dict[str, Any] = _fill(plan.configuration(), places)
    for name, client in clients.items():
        found[name] = _fill(found[name], {"client_id": client.client_id, "client_secret": client.secret})
    return found


def _fill(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _fill(each, places) for name, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, places) for each in value]
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace(f"{{{name}}}", text)
    return value
