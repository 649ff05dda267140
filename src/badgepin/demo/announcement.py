"""What the demo says when it is up: one JSON object for tools, or a page for people on which every line works."""

import shlex
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import msgspec

from badgepin.demo.folder import HEADER, Memory
from badgepin.demo.people import ORGANIZATION, PEOPLE
from badgepin.demo.tokens import AUTOMATION
from badgepin.issuing import Badge
from badgepin.printing.qr_image import qr_terminal
from badgepin.web.installation import Installation

_HOURS = timedelta(hours=8)


@dataclass(frozen=True)
class Demo:
    """A running demo. `badge` is the worker's, where it was made just now; nobody can show it a second time.

    `desk` is a link that lets the manager register a passkey.
    `till` is the address of the application that people sign in to, None where its library is not installed.
    """

    folder: Path
    memory: Memory
    tokens: dict[str, str]
    badge: Badge | None
    has_temporary_code: bool
    desk: str
    till: str | None = None


def as_json(demo: Demo, installation: Installation) -> str:
    """The first line that a tool reads."""
    origin, memory = installation.settings.base_url, demo.memory
    automation = memory.clients[AUTOMATION]
    names = {person.key: person.user_principal_name for person in PEOPLE if person.key}
    document = {
        "origin": origin,
        "tenantId": memory.tenant_id,
        "tokenEndpoint": f"{origin}/{memory.tenant_id}/oauth2/v2.0/token",
        "users": {key: {"id": memory.users[key], "userPrincipalName": name} for key, name in names.items()},
        "clients": {AUTOMATION: {"clientId": automation.client_id, "clientSecret": automation.secret}},
        "tokens": demo.tokens,
        "signInPage": _sign_in_page(demo, installation),
        "till": demo.till,
        "deskInvitation": demo.desk,
        "badge": {"text": demo.badge.printed.text, "pin": demo.badge.pin} if demo.badge else None,
    }
    return msgspec.json.encode(document).decode()


def as_page(demo: Demo, installation: Installation) -> str:
    """What a person reads."""
    origin, folder = installation.settings.base_url, demo.folder.absolute()
    worker = next(person for person in PEOPLE if person.key == "worker")
    first = worker.display_name.partition(" ")[0]
    expire = (installation.clock() + _HOURS).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = shlex.quote(f'{{"expireDateTime": "{expire}"}}')
    path = f"/users/{quote(worker.user_principal_name, safe='@')}/authentication/qrCodePinMethod/temporaryQRCode"
    curl = f"curl -si -H {shlex.quote(f'@{folder / HEADER}')}"
    create = f"{curl} -H 'Content-Type: application/json' -X PATCH -d {body} {origin}/v1.0{path}"
    delete = f"{curl} -X DELETE {origin}/v1.0{path}"
    acts = [(f"Give {first} a temporary code for 8 hours (answers 201):", create)]
    acts.insert(0 if demo.has_temporary_code else 1, (f"Revoke {first}'s temporary code (answers 204):", delete))
    return "\n".join(
        [
            f"Badgepin demo: {ORGANIZATION}, {len(PEOPLE)} people.",
            "",
            *_badge_lines(demo, worker.display_name, worker.user_principal_name),
            *_sign_in_lines(demo, installation, first),
            *_desk_lines(demo),
            "A token that may manage everybody's codes, for 24 hours:",
            "",
            demo.tokens.get("applicationReadWrite", "(its application was removed)"),
            "",
            *(line for sentence, command in acts for line in (sentence, "", f"  {command}", "")),
            f"The API is at {origin}/v1.0 and {origin}/beta, described in {origin}/openapi.json.",
            f"Everything lies in {folder}: delete that folder to forget it.",
            "Stop with Ctrl-C.",
        ]
    )


def _sign_in_page(demo: Demo, installation: Installation) -> str:
    return f"{installation.settings.base_url}/{demo.memory.tenant_id}/sign-in"


def _sign_in_lines(demo: Demo, installation: Installation, first: str) -> list[str]:
    lines = []
    if demo.till:
        lines = [f"Sign in to an application as {first}, by camera, scanner or pasted text:", "", f"  {demo.till}", ""]
    return [*lines, "The sign-in page by itself:", "", f"  {_sign_in_page(demo, installation)}", ""]


def _desk_lines(demo: Demo) -> list[str]:
    manager = next(person for person in PEOPLE if person.key == "manager")
    return [
        f"The badge desk, as {manager.display_name}, who manages {manager.store} (works once, for 24 hours):",
        "",
        f"  {demo.desk}",
        "",
    ]


def _badge_lines(demo: Demo, name: str, user_principal_name: str) -> list[str]:
    if demo.badge is None:
        return [
            f"The badge of {name} ({user_principal_name}) was shown when the demo was made. For a new PIN:",
            "",
            f"  badgepin codes reset-pin {user_principal_name} --data {shlex.quote(str(demo.folder.absolute()))}",
            "",
        ]
    picture = qr_terminal(demo.badge.printed.text, error=demo.badge.printed.error_correction_level)
    return [
        f"The badge of {name} ({user_principal_name}), with the temporary PIN {demo.badge.pin}:",
        "",
        picture,
        "",
        f"  {demo.badge.printed.text}",
        "",
    ]
