"""Applications on libraries as they come from their makers sign a person in with a badge, renew, and sign out."""

import base64
import json
import os
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from badgepin.reference_client import Browser, SignedIn, sign_in
from tests.clients.authority import ServerCertificate, make_certificate
from tests.clients.running import BADGEPIN, ROOT, demo, https

PYTHON = ROOT / ".venv-clients" / "bin" / "python"
HERE = Path(__file__).parent
WEB, SPA, PUBLIC = "https://till.example/callback", "https://till.example/page", "http://localhost"
FIRST_PIN, PIN = "13572468", "90417263"


class Person:
    """Somebody with a badge and a browser, who goes wherever an application sends them."""

    def __init__(self, origin: str, tenant: str, badge: str, authority: Path) -> None:
        self.origin, self.tenant, self.badge, self.authority = origin, tenant, badge, str(authority)
        self.pin = FIRST_PIN

    def visit(self, url: str) -> str:
        """Follow an application's address with a fresh browser; answers where it ended up."""
        browser = Browser(self.origin, ca=self.authority)
        assert url.startswith(self.origin)
        to_page = browser.get(url.removeprefix(self.origin)).headers["location"]
        sealed = parse_qs(urlsplit(to_page).query)["request"][0]
        outcome = sign_in(browser, self.tenant, self.badge, self.pin, new_pin=PIN, request=sealed)
        assert isinstance(outcome, SignedIn), outcome
        self.pin = PIN
        landed = browser.get(outcome.location)
        browser.close()
        assert landed.status == 303
        return landed.headers["location"]


def _operate(folder: Path, *arguments: str) -> Any:
    command = [str(BADGEPIN), *arguments, "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def _register(folder: Path) -> dict[str, Any]:
    made = {}
    for name, addresses in {"public": ["--spa", SPA, "--public", PUBLIC], "confidential": ["--web", WEB]}.items():
        client = _operate(folder, "clients", "add", name, "--json")["clientId"]
        _operate(folder, "clients", "redirects", client, *addresses)
        _operate(folder, "clients", "consent", client, "User.Read")
        made[name] = {"clientId": client}
    secret = _operate(folder, "clients", "secret", "add", made["confidential"]["clientId"], "--json")
    made["confidential"] |= {"clientSecret": secret["secretText"], "redirectUri": WEB}
    made["public"] |= {"redirectUri": f"{PUBLIC}:5005", "spaUri": SPA}
    return made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    """A certificate that the clients are told to trust."""
    return make_certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo's folder with two more applications."""
    place = tmp_path_factory.mktemp("clients") / "demo"
    with demo(place) as running:
        document = running.announcement
        token = document["tokens"]["applicationReadWrite"]
        path = f"{document['origin']}/v1.0/users/{document['users']['otherStoreWorker']['id']}"
        body = {"standardQRCode": {}, "pin": {"code": FIRST_PIN}}
        url, headers = f"{path}/authentication/qrCodePinMethod", {"authorization": f"Bearer {token}"}
        made = httpx.put(url, json=body, headers=headers)
        assert made.status_code == 201, made.text
        image = made.json()["standardQRCode"]["image"]
    clients = {**_register(place), "tenant": document["tenantId"]}
    clients["badge"] = base64.b64decode(image["rawContent"]).decode()
    (place.parent / "clients.json").write_text(json.dumps(clients), encoding="utf-8")
    return place


def _run(command: list[str], person: Person, **environment: str) -> dict[str, dict[str, Any]]:
    steps: dict[str, dict[str, Any]] = {}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            said = json.loads(line)
            if "visit" in said:
                process.stdin.write(person.visit(said["visit"]) + "\n")
                process.stdin.flush()
            else:
                steps[said.pop("step")] = said
        assert process.wait(60) == 0, process.stderr.read()
    return steps


def test_libraries_sign_in_renew_and_reach_the_api(folder: Path, certificate: ServerCertificate) -> None:
    clients = json.loads((folder.parent / "clients.json").read_text(encoding="utf-8"))
    trusted = str(certificate.authority)
    with https(folder, certificate, {}) as origin:
        clients["origin"] = origin
        file = folder.parent / "served.json"
        file.write_text(json.dumps(clients), encoding="utf-8")
        person = Person(origin, clients["tenant"], clients["badge"], certificate.authority)
        script = str(HERE / "signing_in.py")
        steps = _run([str(PYTHON), script, str(file), trusted], person, REQUESTS_CA_BUNDLE=trusted)
        node = str(HERE / "node" / "signing_in.mjs")
        steps |= _run(["node", node, str(file)], person, NODE_EXTRA_CA_CERTS=trusted)
        assert {name: step["error"] for name, step in steps.items()} == dict.fromkeys(steps)
        opened = {
            name: httpx.get(
                f"{origin}/v1.0/me",
                headers={"authorization": f"Bearer {step['token']}"},
                verify=ssl.create_default_context(cafile=trusted),
            ).status_code
            for name, step in steps.items()
            if step.get("token")
        }
    names = {"msal public", "msal confidential", "msal node", "openid-client", "oidc-client-ts"}
    assert {name for name, step in steps.items() if step.get("renewed")} == names
    assert len({step["name"] for name, step in steps.items() if name in names}) == 1
    assert steps["openid-client revokes"]["active"] is False
    assert steps["openid-client"]["end"] is True
    # what openid-client revoked is dead on the API too
    assert opened == {"msal public": 200, "msal confidential": 200, "msal node": 200, "openid-client": 401}


@pytest.mark.parametrize("name", ["signing_in.py", "node/signing_in.mjs"])
def test_the_scripts_touch_nothing_inside_the_clients(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    assert not any(word in text for word in ("monkeypatch", "mock", "._client", "prototype"))
