"""Organizations: each is a directory of its own, and nothing reaches from one into another."""

import re
from dataclasses import dataclass
from datetime import datetime

from badgepin.domain.errors import InvalidValue, Reason

COMMAND_LINE_CLIENT = "6d3f2a0c-8f4e-4b6e-9a1d-5c0b7e2f9a41"
"""The client id of the built-in application as which the operator's command line acts, the same in every tenant."""
DESK_CLIENT = "3b7c5d1e-2f64-4c8a-8d0b-91e6a4f2c7d3"
"""The client id of the built-in application as which people at the desk act, the same in every tenant."""

_DOMAIN = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_LONGEST_NAME = 256


@dataclass(frozen=True)
class Tenant:
    """An organization; people's names usually end in its default domain."""

    id: str
    display_name: str
    default_domain: str
    created_at: datetime


@dataclass(frozen=True)
class BuiltIn:
    """An application that every tenant has from its beginning."""

    client_id: str
    name: str
    description: str


BUILT_IN = (
    BuiltIn(COMMAND_LINE_CLIENT, "Badgepin command line", "What the operator does at this server's command line."),
    BuiltIn(DESK_CLIENT, "Badgepin desk", "What managers and administrators do at the desk."),
)


def check_tenant(tenant: Tenant) -> None:
    """A name and a domain in lower case. Raises `InvalidValue`."""
    if not 0 < len(tenant.display_name.strip()) <= _LONGEST_NAME:
        raise InvalidValue(Reason.VALUE_INVALID, message=f"The name must have 1 to {_LONGEST_NAME} characters.")
    if not _DOMAIN.match(tenant.default_domain):
        raise InvalidValue(Reason.VALUE_INVALID, message=f"'{tenant.default_domain}' is not a domain like example.com.")
