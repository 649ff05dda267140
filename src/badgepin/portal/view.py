"""What the pages show: plain values, decided before anything is drawn."""

import base64
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from badgepin.domain.tenant import Tenant
from badgepin.settings import Settings

_MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Brand:
    """Whose page it is: a name, a logo as a data address ('' for none), and the colour of buttons (`#rrggbb`)."""

    name: str
    logo: str
    colour: str


@dataclass(frozen=True)
class SignInView:
    """The sign-in page: for which application (`client_name`, '' for none), under which addresses."""

    brand: Brand
    language: str
    base_url: str
    base_path: str
    sealed_request: str
    client_name: str


@dataclass(frozen=True)
class DoneView:
    """Who is signed in at this browser, with which kind of code, until when; `token` lets the form sign them out."""

    brand: Brand
    language: str
    base_path: str
    person: str
    code_kind: str
    ends_at: datetime
    token: str


@dataclass(frozen=True)
class DeskView:
    """A page of the desk; `base_path` is its own address, `token` what its requests carry ('' in front of it)."""

    brand: Brand
    language: str
    base_path: str
    token: str = ""


@dataclass(frozen=True)
class ProblemView:
    """A page that says one sentence; `key` names it."""

    brand: Brand
    language: str
    key: str


def brand_of(settings: Settings, tenant: Tenant | None) -> Brand:
    """The brand from the settings; the tenant's own name where none is set."""
    name = settings.brand_name or (tenant.display_name if tenant else "Badgepin")
    return Brand(name, _logo(settings.brand_logo), settings.brand_colour)


@cache
def _logo(file: str) -> str:
    if not file:
        return ""
    path = Path(file)
    media = _MEDIA.get(path.suffix.lower())
    if media is None or not path.is_file():
        return ""
    return f"data:{media};base64,{base64.b64encode(path.read_bytes()).decode()}"
