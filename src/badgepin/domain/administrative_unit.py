"""Administrative units: stores, wards, sites."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AdministrativeUnit:
    """A unit in which roles can be held; in a restricted one, tenant-wide roles do not reach its administrators."""

    id: str
    display_name: str
    created_at: datetime
    description: str | None = None
    is_member_management_restricted: bool = False
