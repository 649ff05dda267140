"""What must hold before the suite is worth starting: the metadata over HTTPS, the clients' secrets, a sign-in."""

import base64
from http.client import BAD_REQUEST, OK, UNAUTHORIZED
from typing import Any
from urllib.parse import urlencode

from conformance.installation import PIN, Command, NotReady, Prepared, ask, command
from conformance.plans import Registered


def check(prepared: Prepared, run: Command = command) -> list[str]:
    """One line for each thing that holds. Raises `NotReady` for the first that does not."""
    document = _metadata(prepared)
    lines = [f"discovery: {document['issuer']}"]
    for plan, clients in prepared.clients.items():
        for name, client in clients.items():
            _client(prepared, document, f"{plan}, {name}", client, by_basic=name != "client_secret_post")
            lines.append(f"client {client.client_id} ({plan}, {name}): its secret is right, another is refused")
    _sign_in(prepared, run)
    return [*lines, "sign-in: the badge and its PIN open a session"]


def _metadata(prepared: Prepared) -> dict[str, Any]:
    status, document = ask(prepared, prepared.discovery)
    expected = prepared.discovery.removesuffix("/.well-known/openid-configuration")
    if status != OK or document.get("issuer") != expected:
        raise NotReady(f"{prepared.discovery} does not answer with the issuer {expected}.")
    plain = [name for name, value in document.items() if name.endswith(("_endpoint", "_uri")) and _is_plain(value)]
    if plain:
        raise NotReady(f"The metadata names addresses that are not https: {', '.join(plain)}.")
    found: dict[str, Any] = document
    return found


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and not value.startswith("https://")


def _client(prepared: Prepared, document: dict[str, Any], name: str, client: Registered, *, by_basic: bool) -> None:
    """A made-up code: whoever shows the right secret hears about the code, anybody else about the client."""
    right = _token(prepared, document, client.client_id, client.secret, by_basic=by_basic)
    if right != (BAD_REQUEST, "invalid_grant"):
        raise NotReady(f"The client of {name} cannot get tokens: {right[0]} {right[1]}.")
    wrong = _token(prepared, document, client.client_id, client.secret[::-1], by_basic=by_basic)
    if wrong != (UNAUTHORIZED, "invalid_client"):
        raise NotReady(f"The client of {name} is let in with a wrong secret: {wrong[0]} {wrong[1]}.")


def _token(
    prepared: Prepared, document: dict[str, Any], client_id: str, secret: str, *, by_basic: bool
) -> tuple[int, str]:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": f"{prepared.place.suite}/test"}
    authorization = ""
    if by_basic:
        authorization = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    else:
        form |= {"client_id": client_id, "client_secret": secret}
    status, answer = ask(prepared, document["token_endpoint"], urlencode(form).encode(), authorization)
    return status, str(answer.get("error"))


def _sign_in(prepared: Prepared, run: Command) -> None:
    """The first sign-in, which chooses `PIN`: the suite's sign-ins are not about that."""
    where = ("--origin", prepared.place.origin, "--tenant", prepared.tenant, "--ca", str(prepared.place.authority))
    run("sign-in", *where, "--badge", str(prepared.badge), "--pin", prepared.first_pin, "--new-pin", PIN)
