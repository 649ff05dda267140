"""Authentication strengths on the wire: types, and what can be done with them."""

from collections.abc import Mapping

from badgepin.domain.authentication_strength import METHOD_MODES, QR_CODE_PIN
from badgepin.graph.wire_type import Action, Function, WireType, complex_type, entity_type

POLICY_ENUMERATIONS: Mapping[str, tuple[str, ...]] = {
    "authenticationStrengthPolicyType": ("builtIn", "custom", "unknownFutureValue"),
    "authenticationStrengthRequirements": ("none", "mfa", "unknownFutureValue"),
    "authenticationMethodModes": (
        *(mode.id for mode in METHOD_MODES if mode.id != QR_CODE_PIN),
        "unknownFutureValue",
        QR_CODE_PIN,
    ),
}
FLAGS = frozenset({"authenticationMethodModes"})
"""Enumerations of which several values can be set at once, with commas between: the numbers are bits."""

POLICY_TYPES: tuple[WireType, ...] = (
    entity_type(
        "authenticationStrengthPolicy",
        "createdDateTime: DateTimeOffset",
        "modifiedDateTime: DateTimeOffset",
        "displayName: String",
        "description: String?",
        "policyType: authenticationStrengthPolicyType",
        "requirementsSatisfied: authenticationStrengthRequirements",
        "allowedCombinations: authenticationMethodModes[]",
        "combinationConfigurations: Untyped[]",
    ),
    complex_type("allowedCombinations", "allowedCombinations: authenticationMethodModes[]"),
    complex_type(
        "updateAllowedCombinationsResult",
        "previousCombinations: authenticationMethodModes[]",
        "currentCombinations: authenticationMethodModes[]",
        "conditionalAccessReferences: String[]",
        "additionalInformation: String?",
    ),
    complex_type("authenticationStrengthUsage", "mfa: Untyped[]", "none: Untyped[]"),
    entity_type("authenticationMethodModeDetail", "displayName: String", "authenticationMethod: String"),
    entity_type("identityContainer", "-> conditionalAccess: conditionalAccessRoot?"),
    entity_type(
        "conditionalAccessRoot",
        "-> authenticationStrength: authenticationStrengthRoot?",
        "-> authenticationStrengths: authenticationStrengthRoot?",
    ),
    entity_type("authenticationStrengthRoot", "-> authenticationMethodModes: authenticationMethodModeDetail[]"),
)
POLICY_ACTIONS = (
    Action(
        "updateAllowedCombinations",
        "authenticationStrengthPolicy",
        "allowedCombinations",
        "updateAllowedCombinationsResult",
    ),
)
POLICY_FUNCTIONS = (Function("usage", "authenticationStrengthPolicy", "authenticationStrengthUsage"),)
