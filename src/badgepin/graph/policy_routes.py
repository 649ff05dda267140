"""The part of the table of contents about policies: the method's own one, and authentication strengths."""

from badgepin.graph import authentication_strength, method_policy
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_CONFIGURATION = f"{_CONFIGURATIONS}/{{configuration}}"
_CONFIGURATION_TYPE = "qrCodePinAuthenticationMethodConfiguration"
_METHOD_POLICY_ROUTES = (
    Route("GET", _POLICY, may.POLICY_READ, method_policy.get_policy, None, "authenticationMethodsPolicy"),
    Route(
        "PATCH",
        _POLICY,
        may.POLICY_WRITE,
        method_policy.patch_policy,
        "authenticationMethodsPolicy",
        "authenticationMethodsPolicy",
        (200, 204),
    ),
    Route(
        "GET",
        _CONFIGURATIONS,
        may.POLICY_READ,
        method_policy.list_configurations,
        None,
        "authenticationMethodConfiguration[]",
    ),
    Route("GET", _CONFIGURATION, may.CONFIGURATION_READ, method_policy.get_configuration, None, _CONFIGURATION_TYPE),
    Route(
        "PATCH",
        _CONFIGURATION,
        may.POLICY_WRITE,
        method_policy.patch_configuration,
        _CONFIGURATION_TYPE,
        _CONFIGURATION_TYPE,
        (200, 204),
    ),
    Route("DELETE", _CONFIGURATION, may.POLICY_WRITE, method_policy.delete_configuration, None, None, (204,)),
)

_STRENGTHS = "/policies/authenticationStrengthPolicies"
_STRENGTH = f"{_STRENGTHS}/{{strength}}"
_STRENGTH_TYPE = "authenticationStrengthPolicy"
_ACCESS = "/identity/conditionalAccess"
# v1.0 has the one, beta the other; both are served on both
_ROOTS = ("authenticationStrength", "authenticationStrengths")
_STRENGTH_ROUTES = (
    Route(
        "GET",
        _STRENGTHS,
        may.STRENGTH_READ,
        authentication_strength.list_strengths,
        None,
        f"{_STRENGTH_TYPE}[]",
        schema=authentication_strength.SCHEMA,
    ),
    Route(
        "POST",
        _STRENGTHS,
        may.STRENGTH_WRITE,
        authentication_strength.create_strength,
        _STRENGTH_TYPE,
        _STRENGTH_TYPE,
        (201,),
    ),
    Route("GET", _STRENGTH, may.STRENGTH_READ, authentication_strength.get_strength, None, _STRENGTH_TYPE),
    Route(
        "PATCH",
        _STRENGTH,
        may.STRENGTH_WRITE,
        authentication_strength.patch_strength,
        _STRENGTH_TYPE,
        _STRENGTH_TYPE,
        (200, 204),
    ),
    Route("DELETE", _STRENGTH, may.STRENGTH_WRITE, authentication_strength.delete_strength, None, None, (204,)),
    *(
        Route(
            "POST",
            f"{_STRENGTH}/{action}",
            may.STRENGTH_WRITE,
            authentication_strength.update_allowed_combinations,
            "allowedCombinations",
            "updateAllowedCombinationsResult",
        )
        for action in ("updateAllowedCombinations", "microsoft.graph.updateAllowedCombinations")
    ),
    *(
        Route(
            "GET",
            f"{_STRENGTH}/{function}",
            may.STRENGTH_READ,
            authentication_strength.get_usage,
            None,
            "authenticationStrengthUsage",
        )
        for function in ("usage", "microsoft.graph.usage")
    ),
    *(
        Route(
            "GET",
            f"{_ACCESS}/{root}/authenticationMethodModes",
            may.STRENGTH_READ,
            authentication_strength.list_method_modes,
            None,
            "authenticationMethodModeDetail[]",
            schema=authentication_strength.MODE_SCHEMA,
        )
        for root in _ROOTS
    ),
    *(
        Route(
            "GET",
            f"{_ACCESS}/{root}/authenticationMethodModes/{{mode}}",
            may.STRENGTH_READ,
            authentication_strength.get_method_mode,
            None,
            "authenticationMethodModeDetail",
        )
        for root in _ROOTS
    ),
)

POLICY_ROUTES: tuple[Route, ...] = (*_METHOD_POLICY_ROUTES, *_STRENGTH_ROUTES)
