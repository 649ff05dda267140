"""client_credentials from nothing: register, prove, call (RFC 6749, RFC 7523)."""

import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.graph.world import BASE, TENANT, World, guid

SCOPE = "https://graph.microsoft.com/.default"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _post(world: World, form: dict[str, str], *, path: str = TOKEN, **headers: str) -> httpx.Response:
    return world.request("POST", path, plain=True, data=form, headers=headers)


def _registered(world: World, *permissions: str) -> tuple[str, str, str]:
    admin = world.person("global_administrator")
    made = world.request("POST", "/applications", token=admin, json={"displayName": "Script"}).json()
    secret = world.request("POST", f"/applications/{made['id']}/addPassword", token=admin, json={}).json()
    principal = world.request("GET", f"/servicePrincipals(appId='{made['appId']}')", token=admin).json()
    roles = world.request("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", token=admin).json()
    for permission in permissions:
        role = next(each["id"] for each in roles["appRoles"] if each["value"] == permission)
        body = {"principalId": principal["id"], "resourceId": roles["id"], "appRoleId": role}
        path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
        assert world.request("POST", path, token=admin, json=body).status_code == 201
    return made["appId"], secret["secretText"], made["id"]


def _form(client: str, secret: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": SCOPE}


def test_a_registered_application_gets_a_token_that_works(world: World) -> None:
    client, secret, _ = _registered(world, "UserAuthMethod-QR.ReadWrite.All")
    answer = _post(world, _form(client, secret))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["roles"] == ["UserAuthMethod-QR.ReadWrite.All"]
    assert (claims["idtyp"], claims["tid"], claims["appid"]) == ("app", TENANT, client)
    assert claims["iss"] == f"{BASE}/{TENANT}/v2.0"
    put = world.request("PUT", world.method_path("worker"), token=body["access_token"], json={"standardQRCode": {}})
    assert put.status_code == 201


def test_basic_authentication_works_too(world: World) -> None:
    client, secret, _ = _registered(world)
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    assert _post(world, form, authorization=f"Basic {basic}").status_code == 200
    wrong = base64.b64encode(f"{client}:wrong".encode()).decode()
    refused = _post(world, form, authorization=f"Basic {wrong}")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic")


def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer(world: World) -> None:
    client, _, _ = _registered(world)
    unknown, wrong = _post(world, _form(guid("nobody"), "x")), _post(world, _form(client, "x"))
    assert unknown.status_code == wrong.status_code == 401
    assert {**unknown.json(), "trace_id": 0, "correlation_id": 0} == {
        **wrong.json(),
        "trace_id": 0,
        "correlation_id": 0,
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "https://other.example/.default"}, "invalid_scope"),
        ({"scope": "https://graph.microsoft.com/User.Read"}, "invalid_scope"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_assertion": "x"}, "invalid_request"),
        ({"client_secret": "\x00"}, "invalid_request"),
    ],
)
def test_a_bad_request_is_named(world: World, change: dict[str, str], error: str) -> None:
    client, secret, _ = _registered(world)
    answer = _post(world, {**_form(client, secret), **change})
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_doubled_parameter_a_wrong_type_and_a_huge_form_are_refused(world: World) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for content, sent in [
        (b"grant_type=client_credentials&grant_type=client_credentials", headers),
        (b"{}", {"content-type": "application/json"}),
        (b"a=" + b"x" * 70_000, headers),
        (b"a=%ff", headers),
    ]:
        answer = world.request("POST", TOKEN, plain=True, content=content, headers=sent)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_secret_counts_only_in_its_time_and_until_it_is_removed(world: World) -> None:
    client, secret, application = _registered(world, "User.Read.All")
    world.clock.move(days=731)
    assert _post(world, _form(client, secret)).status_code == 401
    admin = world.person("global_administrator")
    fresh = world.request("POST", f"/applications/{application}/addPassword", token=admin, json={}).json()
    token = _post(world, _form(client, fresh["secretText"])).json()["access_token"]
    body = {"keyId": fresh["keyId"]}
    path = f"/applications/{application}/removePassword"
    assert world.request("POST", path, token=world.person("global_administrator"), json=body).status_code == 204
    assert _post(world, _form(client, fresh["secretText"])).status_code == 401
    assert world.request("GET", "/users", token=token).status_code == 401


def test_a_permission_taken_back_ends_tokens_at_once(world: World) -> None:
    client, secret, _ = _registered(world, "User.Read.All")
    token = _post(world, _form(client, secret)).json()["access_token"]
    assert world.request("GET", "/users", token=token).status_code == 200
    admin = world.person("global_administrator")
    principal = world.request("GET", f"/servicePrincipals(appId='{client}')", token=admin).json()["id"]
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    (grant,) = world.request("GET", path, token=admin).json()["value"]
    assert world.request("DELETE", f"{path}/{grant['id']}", token=admin).status_code == 204
    assert world.request("GET", "/users", token=token).status_code == 401
    fresh = _post(world, _form(client, secret)).json()["access_token"]
    assert world.request("GET", "/users", token=fresh).status_code == 403


def test_registering_applications_is_not_empowering_them(world: World) -> None:
    _, _, application = _registered(world)
    token = world.application("Application.ReadWrite.All")
    principal = world.request("GET", f"/servicePrincipals/{application}", token=token).json()["id"]
    body = {"appRoleId": "741f803b-c850-494e-b5df-cde7c675a1ca"}
    answer = world.request("POST", f"/servicePrincipals/{principal}/appRoleAssignments", token=token, json=body)
    assert answer.status_code == 403


def _certificate(key: rsa.RSAPrivateKey, world: World) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "script")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(world.clock.now - timedelta(days=1))
        .not_valid_after(world.clock.now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )


def test_a_signed_assertion_counts_once(world: World) -> None:
    client, _, application = _registered(world)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate(key, world)
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    body = {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}]}
    path = f"/applications/{application}"
    assert world.request("PATCH", path, token=world.person("global_administrator"), json=body).status_code == 204
    seconds = int(world.clock.now.timestamp())
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()
    good = {"iss": client, "sub": client, "aud": f"{BASE}{TOKEN}", "exp": seconds + 300, "iat": seconds + 1, "jti": "1"}

    def send(change: dict[str, Any], *, algorithm: str = "PS256", headers: dict[str, str] | None = None) -> int:
        claims = {**good, **change}
        made = jwt.encode(claims, key, algorithm=algorithm, headers=headers or {"x5t#S256": thumbprint, "x5c": der})
        form = {"grant_type": "client_credentials", "scope": SCOPE, "client_assertion_type": ASSERTION}
        return _post(world, {**form, "client_assertion": made, "client_id": client}).status_code

    assert send({}) == 200
    assert send({}) == 401, "a replay"
    assert send({"jti": "2", "aud": f"{BASE}/{TENANT}/v2.0"}, algorithm="RS256") == 200
    refused: list[dict[str, Any]] = [
        {"aud": "https://other.example"},
        {"aud": [f"{BASE}{TOKEN}", "https://other.example"]},
        {"sub": guid("other")},
        {"exp": seconds - 120},
        {"exp": seconds + 90_000},
        {"iat": seconds + 300},
        {"jti": None},
    ]
    for number, change in enumerate(refused):
        assert send({"jti": f"r{number}", **change}) == 401, change
    assert send({"jti": "3"}, headers={"x5t#S256": "wrong"}) == 401
    assert send({"jti": "4"}, headers={"jku": "https://evil.example"}) == 401


def test_discovery_and_keys_say_where_and_with_what(world: World) -> None:
    for named in (TENANT, "contoso.example"):
        path = f"/{named}/v2.0/.well-known/openid-configuration"
        document = world.request("GET", path, plain=True).json()
        assert document["issuer"] == f"{BASE}/{TENANT}/v2.0"
        assert document["token_endpoint"] == f"{BASE}{TOKEN}"
    keys = world.request("GET", document["jwks_uri"].removeprefix(BASE), plain=True)
    assert keys.headers["cache-control"] == "max-age=600"
    client, secret, _ = _registered(world)
    token = _post(world, _form(client, secret)).json()["access_token"]
    (jwk,) = keys.json()["keys"]
    assert set(jwk) == {"kty", "use", "alg", "kid", "n", "e"}
    public = jwt.PyJWK.from_dict(jwk)
    assert jwt.decode(
        token,
        public,
        algorithms=["RS256"],
        audience="https://graph.microsoft.com",
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


def test_an_unknown_tenant_is_named(world: World) -> None:
    for path in (f"/{guid('nobody')}/oauth2/v2.0/token", "/common/oauth2/v2.0/token", "/%00/oauth2/v2.0/token"):
        answer = _post(world, {}, path=path)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_tenant")


def test_the_managed_identity_is_off_until_it_is_set(world: World) -> None:
    answer = world.request("GET", "/metadata/identity/oauth2/token?resource=x&api-version=2019-08-01", plain=True)
    assert answer.status_code == 404
    assert json.loads(answer.text)["error"] == "not_found"
