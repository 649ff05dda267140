"""Authentication strengths on the wire (graph-contract 11). Nothing here uses them: there is no Conditional Access."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.authentication_strength import METHOD_MODES, AuthenticationStrength, MethodMode, read_combinations
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.filter import Field, Kind
from badgepin.domain.query import Page, Query
from badgepin.domain.small_list import page_of
from badgepin.graph.body import Json, check_type, invalid, required_text, text, texts
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import authentication_strength as services
from badgepin.store.transaction import Transaction

_TYPE = "authenticationStrengthPolicy"
_POLICIES = "policies/authenticationStrengthPolicies"
_MODES = "identity/conditionalAccess/authenticationStrength/authenticationMethodModes"
_LONGEST_TEXT = 1024


SCHEMA = Schema(
    "microsoft.graph.authenticationStrengthPolicy",
    {
        "id": Field("id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "policytype": Field("policy_type", Kind.CODE),
        "requirementssatisfied": Field("requirements_satisfied", Kind.CODE),
        "allowedcombinations": Field("allowed_combinations", Kind.TEXT, many=True),
    },
    advanced=False,
)
MODE_SCHEMA = Schema(
    "microsoft.graph.authenticationMethodModeDetail",
    {
        "id": Field("id", Kind.TEXT),
        "displayname": Field("display_name", Kind.NAME),
        "authenticationmethod": Field("method", Kind.TEXT),
    },
    advanced=False,
)


async def list_strengths(request: GraphRequest) -> GraphResponse:
    """GET a page of strengths, the built-in ones first."""

    def read(tx: Transaction, query: Query) -> Page[AuthenticationStrength]:
        found = services.list_strengths(tx, request.call)
        return page_of(found, query, _value, key=lambda strength: strength.id)

    return await answer_list(request, Listed(_POLICIES, lambda strength: strength_json(request, strength)), read)


def _value(strength: AuthenticationStrength, field: Field) -> str | tuple[str, ...]:
    shown: dict[str, str | tuple[str, ...]] = {
        "id": strength.id,
        "display_name": strength.display_name,
        "policy_type": _policy_type(strength),
        "requirements_satisfied": _requirements(strength),
        "allowed_combinations": strength.allowed_combinations,
    }
    return shown[field.name]


async def get_strength(request: GraphRequest) -> GraphResponse:
    """GET one strength."""
    strength = await request.installation.database.read(
        lambda tx: services.get_strength(tx, request.call, request.keys["strength"])
    )
    return _answer(request, strength)


async def create_strength(request: GraphRequest) -> GraphResponse:
    """POST adds a strength of the organization's own: 201."""
    strength = await request.installation.database.write(
        lambda tx: services.create_strength(tx, request.call, lambda: _new(request))
    )
    location = {"location": f"{request.root}/{_POLICIES}/{strength.id}"}
    return _answer(request, strength, status=201, headers=location)


async def patch_strength(request: GraphRequest) -> GraphResponse:
    """PATCH renames or describes a strength: 204. Combinations have their own action."""
    _, strength = await request.installation.database.write(
        lambda tx: services.change_strength(
            tx, request.call, request.keys["strength"], lambda old: _renamed(request, old)
        )
    )
    return _answer(request, strength) if request.prefers("representation") else NO_CONTENT


async def delete_strength(request: GraphRequest) -> GraphResponse:
    """DELETE removes a strength of the organization's own: 204."""
    await request.installation.database.write(
        lambda tx: services.delete_strength(tx, request.call, request.keys["strength"])
    )
    return NO_CONTENT


async def update_allowed_combinations(request: GraphRequest) -> GraphResponse:
    """POST replaces the combinations that a strength accepts: 200 with those before and those now."""

    def changed(old: AuthenticationStrength) -> AuthenticationStrength:
        return replace(old, allowed_combinations=_combinations(request, request.body()))

    old, new = await request.installation.database.write(
        lambda tx: services.change_strength(tx, request.call, request.keys["strength"], changed)
    )
    weaker = old.satisfies_mfa and not new.satisfies_mfa
    result: Json = {
        "@odata.context": request.context("microsoft.graph.updateAllowedCombinationsResult"),
        "@odata.type": "#microsoft.graph.updateAllowedCombinationsResult",
        "previousCombinations": list(old.allowed_combinations),
        "currentCombinations": list(new.allowed_combinations),
        "conditionalAccessReferences": [],
        "additionalInformation": "This strength no longer satisfies multifactor authentication." if weaker else None,
    }
    return request.answer(result)


async def get_usage(request: GraphRequest) -> GraphResponse:
    """GET the Conditional Access policies that refer to a strength: there are none here."""
    await request.installation.database.read(
        lambda tx: services.get_strength(tx, request.call, request.keys["strength"])
    )
    context: Json = {"@odata.context": request.context("microsoft.graph.authenticationStrengthUsage")}
    return request.answer(context | {"mfa": [], "none": []})


async def list_method_modes(request: GraphRequest) -> GraphResponse:
    """GET a page of the methods that combinations are made of."""

    def read(tx: Transaction, query: Query) -> Page[MethodMode]:
        services.check_may_read(tx, request.call)
        return page_of(
            METHOD_MODES, query, lambda mode, field: str(getattr(mode, field.name)), key=lambda mode: mode.id
        )

    return await answer_list(request, Listed(_MODES, _mode_json), read)


async def get_method_mode(request: GraphRequest) -> GraphResponse:
    """GET one method that combinations are made of."""
    await request.installation.database.read(lambda tx: services.check_may_read(tx, request.call))
    named = request.keys["mode"]
    mode = next((mode for mode in METHOD_MODES if mode.id.casefold() == named.casefold()), None)
    if mode is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=named)
    context: Json = {"@odata.context": request.context(f"{_MODES}/$entity")}
    return request.answer(context | select(_mode_json(mode), selected(request)))


def _answer(
    request: GraphRequest, strength: AuthenticationStrength, *, status: int = 200, headers: dict[str, str] | None = None
) -> GraphResponse:
    context: Json = {"@odata.context": request.context(f"{_POLICIES}/$entity")}
    shown = select(strength_json(request, strength), selected(request))
    return request.answer(context | shown, status=status, headers=headers)


def _new(request: GraphRequest) -> AuthenticationStrength:
    body, now = request.body(), request.call.now
    check_type(body, _TYPE, strict=request.strict)
    if body.get("combinationConfigurations"):
        raise invalid("'combinationConfigurations' is not part of this service: leave it out.")
    return AuthenticationStrength(
        new_guid(),
        required_text(body, "displayName"),
        text(body, "description", longest=_LONGEST_TEXT),
        _combinations(request, body),
        now,
        now,
    )


def _renamed(request: GraphRequest, old: AuthenticationStrength) -> AuthenticationStrength:
    body = request.body()
    check_type(body, _TYPE, strict=request.strict)
    if "allowedCombinations" in body and _combinations(request, body) != old.allowed_combinations:
        raise invalid("'allowedCombinations' is changed with the action updateAllowedCombinations.")
    if "displayName" in body:
        old = replace(old, display_name=required_text(body, "displayName"))
    if "description" in body:
        old = replace(old, description=text(body, "description", longest=_LONGEST_TEXT))
    return old


def _combinations(request: GraphRequest, body: Json) -> tuple[str, ...]:
    return read_combinations(texts(body, "allowedCombinations") or [], strict=request.strict)


def _policy_type(strength: AuthenticationStrength) -> str:
    return "builtIn" if strength.is_built_in else "custom"


def _requirements(strength: AuthenticationStrength) -> str:
    return "mfa" if strength.satisfies_mfa else "none"


def strength_json(request: GraphRequest, strength: AuthenticationStrength) -> Json:
    """`authenticationStrengthPolicy`."""
    configurations = f"{_POLICIES}('{strength.id}')/combinationConfigurations"
    return {
        "id": strength.id,
        "createdDateTime": instant_text(strength.created_at),
        "modifiedDateTime": instant_text(strength.modified_at),
        "displayName": strength.display_name,
        "description": strength.description,
        "policyType": _policy_type(strength),
        "requirementsSatisfied": _requirements(strength),
        "allowedCombinations": list(strength.allowed_combinations),
        "combinationConfigurations@odata.context": request.context(configurations),
        "combinationConfigurations": [],
    }


def _mode_json(mode: MethodMode) -> Json:
    return {"id": mode.id, "displayName": mode.display_name, "authenticationMethod": mode.method}
