"""The authentication methods policy on the wire (graph-contract 7)."""

from dataclasses import replace

import msgspec

from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.method_policy import MethodPolicy, PolicyState, PolicyTarget, TargetKind
from badgepin.graph.body import Json, boolean, check_type, child, integer, invalid, required_text, text
from badgepin.graph.json import collection
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import method_policy as services

ID = "QRCodePin"
_TYPE = "qrCodePinAuthenticationMethodConfiguration"
_POLICY = "policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_SIBLINGS = {
    "Fido2": "fido2",
    "MicrosoftAuthenticator": "microsoftAuthenticator",
    "Sms": "sms",
    "TemporaryAccessPass": "temporaryAccessPass",
    "SoftwareOath": "softwareOath",
    "Voice": "voice",
    "Email": "email",
    "X509Certificate": "x509Certificate",
    "VerifiableCredentials": "verifiableCredentials",
}
_ENFORCEMENT: Json = {
    "authenticationMethodsRegistrationCampaign": {
        "snoozeDurationInDays": 1,
        "enforceRegistrationAfterAllowedSnoozes": True,
        "state": "default",
        "excludeTargets": [],
        "includeTargets": [],
    }
}


async def get_policy(request: GraphRequest) -> GraphResponse:
    """GET the whole policy: 200."""
    return request.answer(_policy_json(request, await _read(request)))


async def list_configurations(request: GraphRequest) -> GraphResponse:
    """GET every method's configuration: 200, a collection."""
    policy = await _read(request)
    return request.answer(collection(request.context(_CONFIGURATIONS), _configurations(request, policy)))


async def get_configuration(request: GraphRequest) -> GraphResponse:
    """GET one method's configuration: 200, or 404 for a method that Graph does not know either."""
    wanted = request.keys["configuration"].casefold()
    policy = await _read(request)
    for configuration in _configurations(request, policy):
        if str(configuration["id"]).casefold() == wanted:
            context = {"@odata.context": request.context(f"{_CONFIGURATIONS}/$entity")}
            return request.answer(context | configuration)
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=request.keys["configuration"])


async def patch_configuration(request: GraphRequest) -> GraphResponse:
    """PATCH the method's configuration: 200 with body on v1.0, 204 on beta, or as `Prefer` says."""
    _require_ours(request)
    policy = await request.installation.database.write(
        lambda tx: services.change_policy(tx, request.call, lambda old: changed(request, request.body(), old))
    )
    with_body = request.prefers("representation") or (request.version == "v1.0" and not request.prefers("minimal"))
    if not with_body:
        return NO_CONTENT
    context = {"@odata.context": request.context(f"{_CONFIGURATIONS}/$entity")}
    return request.answer(context | _configuration_json(request, policy))


async def delete_configuration(request: GraphRequest) -> GraphResponse:
    """DELETE puts the method's configuration back to its defaults: 204."""
    _require_ours(request)
    await request.installation.database.write(lambda tx: services.reset_policy(tx, request.call))
    return NO_CONTENT


async def patch_policy(request: GraphRequest) -> GraphResponse:
    """PATCH the policy: the registration campaign, and configurations found by `id` or `@odata.type`: 200 with body."""
    policy = await request.installation.database.write(
        lambda tx: services.change_policy(tx, request.call, lambda old: _changed_policy(request, old))
    )
    return NO_CONTENT if request.prefers("minimal") else request.answer(_policy_json(request, policy))


def _require_ours(request: GraphRequest) -> None:
    named = request.keys["configuration"]
    if named.casefold() == ID.casefold():
        return
    if named.casefold() in {sibling.casefold() for sibling in _SIBLINGS}:
        raise invalid(f"The method '{named}' is not part of this service; only {ID} can be configured.")
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=named)


def _changed_policy(request: GraphRequest, old: MethodPolicy) -> MethodPolicy:
    body = request.body()
    policy = old
    enforcement = child(body, "registrationEnforcement")
    if enforcement is not None:
        policy = replace(policy, registration_enforcement=msgspec.json.encode(enforcement).decode())
    items = body.get("authenticationMethodConfigurations") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid("'authenticationMethodConfigurations' must be a list of objects.")
    for item in items:
        if _is_ours(item):
            policy = changed(request, item, policy)
    return policy


def _is_ours(item: Json) -> bool:
    kind = str(item.get("@odata.type", "")).removeprefix("#").casefold()
    return str(item.get("id", "")).casefold() == ID.casefold() or kind == f"microsoft.graph.{_TYPE}".casefold()


def changed(request: GraphRequest, body: Json, old: MethodPolicy) -> MethodPolicy:
    """The policy after a configuration body; what the body leaves out stays. Raises `InvalidValue`."""
    strict = request.strict
    if strict and "@odata.type" not in body:
        raise invalid(f"'@odata.type' is required: '#microsoft.graph.{_TYPE}'.")
    check_type(body, _TYPE, strict=strict)
    state, length, days = text(body, "state"), integer(body, "pinLength"), integer(body, "standardQRCodeLifetimeInDays")
    include, exclude = _targets(body, "includeTargets", strict=strict), _targets(body, "excludeTargets", strict=strict)
    return replace(
        old,
        state=old.state if state is None else PolicyState(_one_of(state, PolicyState, "state", strict=strict)),
        pin_length=old.pin_length if length is None else length,
        standard_lifetime_days=old.standard_lifetime_days if days is None else days,
        include_targets=old.include_targets if include is None else include,
        exclude_targets=old.exclude_targets if exclude is None else exclude,
    )


def _targets(body: Json, name: str, *, strict: bool) -> tuple[PolicyTarget, ...] | None:
    items = body.get(name)
    if items is None:
        return None
    if not isinstance(items, list):
        raise invalid(f"'{name}' must be a list.")
    return tuple(_target(item, name, strict=strict) for item in items)


def _target(item: object, name: str, *, strict: bool) -> PolicyTarget:
    if not isinstance(item, dict):
        raise invalid(f"'{name}' must be a list of objects with 'id' and 'targetType'.")
    kind = _one_of(required_text(item, "targetType"), TargetKind, "targetType", strict=strict)
    required = boolean(item, "isRegistrationRequired") or False
    return PolicyTarget(required_text(item, "id").lower(), TargetKind(kind), required)


def _one_of(value: str, choices: type[PolicyState | TargetKind], name: str, *, strict: bool) -> str:
    known = [str(choice.value) for choice in choices]
    read = value if strict else value.lower()
    if read not in known:
        raise invalid(f"'{name}' must be one of: {', '.join(known)}.")
    return read


async def _read(request: GraphRequest) -> MethodPolicy:
    return await request.installation.database.read(lambda tx: services.read_policy(tx, request.call))


def _policy_json(request: GraphRequest, policy: MethodPolicy) -> Json:
    configurations = "authenticationMethodConfigurations"
    context = request.context(f"{_CONFIGURATIONS}")
    enforcement = policy.registration_enforcement
    return {
        "@odata.context": request.context("authenticationMethodsPolicy"),
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "Which authentication methods people may use in this tenant, and how.",
        "policyVersion": "1.5",
        "policyMigrationState": None,
        "registrationEnforcement": msgspec.json.decode(enforcement) if enforcement else _ENFORCEMENT,
        f"{configurations}@odata.context": context,
        configurations: _configurations(request, policy),
    }


def _configurations(request: GraphRequest, policy: MethodPolicy) -> list[Json]:
    return [_configuration_json(request, policy), *(_sibling_json(name) for name in _SIBLINGS)]


def _configuration_json(request: GraphRequest, policy: MethodPolicy) -> Json:
    address = f"{_CONFIGURATIONS}('{ID}')/microsoft.graph.{_TYPE}/includeTargets"
    return {
        "@odata.type": f"#microsoft.graph.{_TYPE}",
        "id": ID,
        "state": policy.state.value,
        "excludeTargets": [{"id": target.id, "targetType": target.kind.value} for target in policy.exclude_targets],
        "pinLength": policy.pin_length,
        "standardQRCodeLifetimeInDays": policy.standard_lifetime_days,
        "includeTargets@odata.context": request.context(address),
        "includeTargets": [
            {
                "targetType": target.kind.value,
                "id": target.id,
                "isRegistrationRequired": target.is_registration_required,
            }
            for target in policy.include_targets
        ],
    }


def _sibling_json(name: str) -> Json:
    kind = f"#microsoft.graph.{_SIBLINGS[name]}AuthenticationMethodConfiguration"
    return {"@odata.type": kind, "id": name, "state": "disabled", "excludeTargets": []}
