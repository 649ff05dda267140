"""Third-party clients as they come from their makers, against a running server."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.authority import make_certificate
from tests.clients.running import ROOT, demo, https, tls_in_front

PYTHON = ROOT / ".venv-clients" / "bin" / "python"
HERE = Path(__file__).parent


def _steps(command: list[str], **environment: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line.pop("step"): line for line in lines}


def test_the_python_sdk_does_everything_it_can_do(tmp_path: Path) -> None:
    with demo(tmp_path / "demo") as running:
        file = running.save(tmp_path / "demo.json")
        steps = _steps([str(PYTHON), str(HERE / "python_sdk.py"), str(file)])
    assert steps == {
        "list users": {"some": True},
        "read nothing": {"status": 404, "code": "resourceNotFound"},
        "create": {"image": True, "pin": "13572468"},
        "read": {"same": True, "image": True, "flag": True},
        "list methods": {"types": ["QrCodePinAuthenticationMethod"]},
        "create temporary": {"id": steps["create temporary"]["id"], "image": True},
        "delete temporary": {"gone": True},
        "delete temporary again": {"status": 404, "code": "resourceNotFound"},
        "move standard": {"same": True},
        "reset pin": {"digits": 8},
        "create twice": {"status": 400, "code": "tooManyQRCodePinMethod"},
        "update pin": {"flag": False},
        "read policy": {"type": "QrCodePinAuthenticationMethodConfiguration", "length": 8, "targets": 1},
        "change policy": {"length": 9},
        "list strengths": {"kinds": ["builtIn"] * 3, "modes": 17},
        "make strength": {"satisfied": ["none"], "combinations": ["qrCodePin"]},
        "change strength": {"before": ["qrCodePin"], "now": ["fido2"]},
        "use of strength": {"mfa": []},
        "delete built-in strength": {"status": 400, "code": "Request_BadRequest"},
        "registration": {"methods": ["qrCodePin"], "mfa": False, "admin": False},
        "registrations": {"some": True},
        "counted": {"types": "all", "roles": "user", "method": "qrCodePin"},
        "delete method": {"ok": True},
    }


def test_the_javascript_client_does_everything_it_can_do(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with demo(tmp_path / "demo") as running:
        plain = int(running.announcement["origin"].rpartition(":")[2])
        with tls_in_front(plain, certificate) as port:
            running.announcement["origin"] = f"https://localhost:{port}"
            file = running.save(tmp_path / "demo.json")
            script = str(HERE / "node" / "graph_client.mjs")
            steps = _steps(["node", script, str(file)], NODE_EXTRA_CA_CERTS=str(certificate.authority))
    assert steps == {
        "read nothing": {"status": 404, "code": "resourceNotFound", "request": True},
        "create": {"image": True, "pin": "13572468"},
        "read": {"same": True, "image": None},
        "create temporary": {"image": True},
        "delete temporary": {"gone": True},
        "delete temporary again": {"status": 404, "code": "resourceNotFound", "request": True},
        "reset pin": {"digits": 8},
        "update pin": {"ok": True},
        "change policy": {"length": 9},
        "batch": {"statuses": {"1": 200, "2": 204}},
    }


def test_msal_and_azure_identity_get_tokens_that_open_the_api(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    folder = tmp_path / "demo"
    with demo(folder) as running:
        announcement = running.announcement
    identity = {
        "BADGEPIN_MANAGED_IDENTITY_SECRET": "a header only this host knows",
        "BADGEPIN_MANAGED_IDENTITY_CLIENT_ID": announcement["clients"]["automation"]["clientId"],
        "BADGEPIN_MANAGED_IDENTITY_TENANT_ID": announcement["tenantId"],
    }
    with https(folder, certificate, identity) as origin:
        announcement |= {"origin": origin, "identityHeader": identity["BADGEPIN_MANAGED_IDENTITY_SECRET"]}
        file = running.save(tmp_path / "demo.json")
        trusted = str(certificate.authority)
        # the environment's own authorities would win over the one handed to the libraries
        steps = _steps([str(PYTHON), str(HERE / "tokens.py"), str(file), trusted], REQUESTS_CA_BUNDLE=trusted)
    assert steps == {name: {"status": 200} for name in ("msal", "azure-identity secret", "azure-identity managed")}


@pytest.mark.parametrize("name", ["python_sdk.py", "tokens.py", "node/graph_client.mjs"])
def test_the_scripts_touch_nothing_inside_the_clients(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    assert not any(word in text for word in ("monkeypatch", "mock", "._client", "prototype"))
