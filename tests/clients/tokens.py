"""Unmodified MSAL and azure-identity get tokens from a running Badgepin; runs in an environment of its own.

python tokens.py demo.json authority.pem     the demo is reached over HTTPS
"""

import json
import os
import ssl
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import msal
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

SCOPE = "https://graph.microsoft.com/.default"


def main() -> None:
    """Each library in turn; the token must open the Graph API."""
    demo = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    trusted = sys.argv[2]
    client, tenant = demo["clients"]["automation"], demo["tenantId"]
    application = msal.ConfidentialClientApplication(
        client["clientId"],
        client_credential=client["clientSecret"],
        authority=f"{demo['origin']}/{tenant}",
        instance_discovery=False,
        verify=trusted,
    )
    _try("msal", demo, trusted, application.acquire_token_for_client([SCOPE])["access_token"])
    credential = ClientSecretCredential(
        tenant,
        client["clientId"],
        client["clientSecret"],
        authority=demo["origin"],
        disable_instance_discovery=True,
        connection_verify=trusted,
    )
    _try("azure-identity secret", demo, trusted, credential.get_token(SCOPE).token)
    os.environ["IDENTITY_ENDPOINT"] = f"{demo['origin']}/metadata/identity/oauth2/token"
    os.environ["IDENTITY_HEADER"] = demo["identityHeader"]
    _try("azure-identity managed", demo, trusted, ManagedIdentityCredential().get_token(SCOPE).token)


def _try(step: str, demo: dict, trusted: str, token: str) -> None:
    path = f"/v1.0/users/{demo['users']['worker']['id']}/authentication/qrCodePinMethod"
    request = Request(demo["origin"] + path, headers={"Authorization": f"Bearer {token}"})
    with urlopen(request, context=ssl.create_default_context(cafile=trusted)) as answer:
        print(json.dumps({"step": step, "status": answer.status}), flush=True)


main()
