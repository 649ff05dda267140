"""Unmodified MSAL for Python signs a person in; runs in an environment of its own.

python signing_in.py clients.json authority.pem     prints an address, reads where the browser ended up, prints the result
"""

import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msal


def main() -> None:
    """A public client and one with a secret, each from the first address to a renewed token."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    common = {
        "authority": f"{given['origin']}/{given['tenant']}",
        "instance_discovery": False,
        "verify": sys.argv[2],
    }
    public = msal.PublicClientApplication(given["public"]["clientId"], **common)
    _sign_in("msal public", public, given["public"]["redirectUri"])
    secret = given["confidential"]
    confidential = msal.ConfidentialClientApplication(
        secret["clientId"], client_credential=secret["clientSecret"], **common
    )
    _sign_in("msal confidential", confidential, secret["redirectUri"])


def _sign_in(step: str, application: msal.ClientApplication, redirect_uri: str) -> None:
    flow = application.initiate_auth_code_flow(["User.Read"], redirect_uri=redirect_uri)
    print(json.dumps({"visit": flow["auth_uri"]}), flush=True)
    landed = sys.stdin.readline().strip()
    tokens = application.acquire_token_by_auth_code_flow(flow, dict(parse_qsl(urlsplit(landed).query)))
    account = application.get_accounts()[0]
    renewed = application.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
    result = {
        "step": step,
        "name": tokens.get("id_token_claims", {}).get("name"),
        "renewed": "access_token" in (renewed or {}),
        "error": tokens.get("error_description") or (renewed or {}).get("error_description"),
        "token": (renewed or tokens).get("access_token"),
    }
    print(json.dumps(result), flush=True)


main()
