"""Reports on the wire: types, and what is counted on request."""

from badgepin.graph.wire_type import Function, WireType, complex_type, entity_type

REPORT_TYPES: tuple[WireType, ...] = (
    entity_type(
        "userRegistrationDetails",
        "userPrincipalName: String",
        "userDisplayName: String?",
        "userType: String",
        "isAdmin: Boolean",
        "isSsprRegistered: Boolean",
        "isSsprEnabled: Boolean",
        "isSsprCapable: Boolean",
        "isMfaRegistered: Boolean",
        "isMfaCapable: Boolean",
        "isPasswordlessCapable: Boolean",
        "methodsRegistered: String[]",
        "isSystemPreferredAuthenticationMethodEnabled: Boolean?",
        "systemPreferredAuthenticationMethods: String[]",
        "userPreferredMethodForSecondaryAuthentication: String?",
        "lastUpdatedDateTime: DateTimeOffset",
    ),
    complex_type(
        "userRegistrationMethodSummary",
        "totalUserCount: Int32",
        "userTypes: String",
        "userRoles: String",
        "userRegistrationMethodCounts: Untyped[]",
    ),
    complex_type(
        "userRegistrationFeatureSummary",
        "totalUserCount: Int32",
        "userTypes: String",
        "userRoles: String",
        "userRegistrationFeatureCounts: Untyped[]",
    ),
    entity_type(
        "expiringCodeForecast",
        "unitId: String?",
        "unitDisplayName: String?",
        "peopleCount: Int32?",
        "badgeHolderCount: Int32?",
        "endedCount: Int32",
        "within7DaysCount: Int32",
        "within30DaysCount: Int32",
        "within90DaysCount: Int32",
        "days: Int32",
        "withinDaysCount: Int32",
    ),
    entity_type(
        "expiringCode",
        "userId: String",
        "userPrincipalName: String",
        "userDisplayName: String",
        "accountEnabled: Boolean",
        "unitDisplayNames: String[]",
        "expireDateTime: DateTimeOffset",
        "hasEnded: Boolean",
    ),
    entity_type("reportRoot", "-> authenticationMethods: authenticationMethodsRoot?"),
    entity_type("authenticationMethodsRoot", "-> userRegistrationDetails: userRegistrationDetails[]"),
    entity_type("badgepinReports", "-> expiringCodes: expiringCodeForecast[]"),
)
_INCLUDED = ("includedUserTypes", "includedUserRoles")
REPORT_FUNCTIONS = (
    *(
        Function(f"usersRegisteredBy{what}", "authenticationMethodsRoot", f"userRegistration{what}Summary", takes)
        for what in ("Method", "Feature")
        for takes in ((), _INCLUDED)
    ),
    Function("users", "expiringCodeForecast[]", "expiringCode[]"),
)
