"""Organizations: each is a directory of its own, and nothing reaches from one into another."""

import re
from dataclasses import dataclass
from datetime import datetime

from badgepin.domain.errors import InvalidValue, Reason

COMMAND_LINE_CLIENT = "6d3f2a0c-8f4e-4b6e-9a1d-5c0b7e2f9a41"
"""The client id of the built-in application as which the operator's command line acts, the same in every tenant."""
COMMAND_LINE_NAME = "Badgepin command line"

_DOMAIN = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_LONGEST_NAME = 256


@dataclass(frozen=True)
class Tenant:
    """An organization; people's names usually end in its default domain."""

    id: str
    display_name: str
    default_domain: str
    created_at: datetime


def check_tenant(tenant: Tenant) -> None:
    """A name and a domain in lower case. Raises `InvalidValue`."""
    if not 0 < len(tenant.display_name.strip()) <= _LONGEST_NAME:
        raise InvalidValue(Reason.VALUE_INVALID, message=f"The name must have 1 to {_LONGEST_NAME} characters.")
    if not _DOMAIN.match(tenant.default_domain):
        raise InvalidValue(Reason.VALUE_INVALID, message=f"'{tenant.default_domain}' is not a domain like example.com.")
