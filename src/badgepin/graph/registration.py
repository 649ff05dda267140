"""`/reports/authenticationMethods`: who has registered the method (graph-contract 11).

A badge is one factor and its PIN belongs to it: neither makes anybody capable of multifactor or passwordless sign-in.
"""

from enum import StrEnum
from typing import TypeVar

from badgepin.domain.authentication_strength import QR_CODE_PIN
from badgepin.domain.filter import Field, Kind
from badgepin.domain.registration import IncludedRoles, IncludedTypes, RegistrationCounts, RegistrationDetails
from badgepin.graph.body import Json, invalid
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import registration as services

Choice = TypeVar("Choice", bound=StrEnum)

_DETAILS = "reports/authenticationMethods/userRegistrationDetails"
_NEVER = (
    "isSsprRegistered",
    "isSsprEnabled",
    "isSsprCapable",
    "isMfaRegistered",
    "isMfaCapable",
    "isPasswordlessCapable",
    "isSystemPreferredAuthenticationMethodEnabled",
)
_FEATURES = ("ssprRegistered", "ssprEnabled", "ssprCapable", "passwordlessCapable", "mfaCapable")


SCHEMA = Schema(
    "microsoft.graph.userRegistrationDetails",
    {
        "id": Field("id", Kind.CODE),
        "userprincipalname": Field("user_principal_name", Kind.NAME),
        "userdisplayname": Field("display_name", Kind.NAME),
        "usertype": Field("user_type", Kind.TEXT),
        "isadmin": Field("is_admin", Kind.BOOLEAN),
        "methodsregistered": Field("methods_registered", Kind.TEXT, many=True),
        **{name.casefold(): Field("never", Kind.BOOLEAN) for name in _NEVER},
    },
    sortable=frozenset({"userprincipalname", "userdisplayname"}),
    advanced=False,
)


async def list_details(request: GraphRequest) -> GraphResponse:
    """GET a page of people with what they have registered."""
    return await answer_list(
        request,
        Listed(_DETAILS, details_json, lambda details: details.user_id),
        lambda tx, query: services.list_details(tx, request.call, query),
    )


async def get_details(request: GraphRequest) -> GraphResponse:
    """GET what one person has registered, by id or user principal name."""
    details = await request.installation.database.read(
        lambda tx: services.get_details(tx, request.call, request.keys["user"])
    )
    context: Json = {"@odata.context": request.context(f"{_DETAILS}/$entity")}
    return request.answer(context | select(details_json(details), selected(request)))


async def count_by_method(request: GraphRequest) -> GraphResponse:
    """GET how many people have registered each method."""
    counts, summary = await _summary(request, "userRegistrationMethodSummary")
    methods: list[Json] = [{"authenticationMethod": QR_CODE_PIN, "userCount": counts.registered}]
    return request.answer(summary | {"userRegistrationMethodCounts": methods})


async def count_by_feature(request: GraphRequest) -> GraphResponse:
    """GET how many people are capable of what a badge makes nobody capable of."""
    _, summary = await _summary(request, "userRegistrationFeatureSummary")
    features: list[Json] = [{"feature": feature, "userCount": 0} for feature in _FEATURES]
    return request.answer(summary | {"userRegistrationFeatureCounts": features})


async def _summary(request: GraphRequest, kind: str) -> tuple[RegistrationCounts, Json]:
    types = _one_of(request, "includedUserTypes", IncludedTypes)
    roles = _one_of(request, "includedUserRoles", IncludedRoles)
    counts = await request.installation.database.read(
        lambda tx: services.count_registered(tx, request.call, types, roles)
    )
    return counts, {
        "@odata.context": request.context(f"microsoft.graph.{kind}"),
        "@odata.type": f"#microsoft.graph.{kind}",
        "totalUserCount": counts.people,
        "userTypes": types.value,
        "userRoles": roles.value,
    }


def _one_of(request: GraphRequest, name: str, choices: type[Choice]) -> Choice:
    given = request.keys.get(name, "all")
    for choice in choices:
        if given == choice.value or (not request.strict and given.casefold() == choice.value.casefold()):
            return choice
    raise invalid(f"'{name}' must be one of: {', '.join(choices)}.")


def details_json(details: RegistrationDetails) -> Json:
    """`userRegistrationDetails`."""
    return {
        "id": details.user_id,
        "userPrincipalName": details.user_principal_name,
        "userDisplayName": details.display_name,
        "userType": details.user_type.value.lower(),
        "isAdmin": details.is_admin,
        **dict.fromkeys(_NEVER, False),
        "methodsRegistered": [QR_CODE_PIN] if details.has_method else [],
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "none",
        "lastUpdatedDateTime": instant_text(details.updated_at),
    }
