"""The types on the wire, once: `$metadata` and OpenAPI are both made from them.

A property is written `name: Type`, with `?` for nullable and `[]` for a collection; `->` marks a navigation.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Property:
    """One member of a type; `type` is an Edm primitive such as `String`, or the name of another type here."""

    name: str
    type: str
    nullable: bool = False
    many: bool = False
    navigation: bool = False


@dataclass(frozen=True)
class WireType:
    """An entity (it has an id) or a complex type."""

    name: str
    properties: tuple[Property, ...]
    base: str | None = None
    entity: bool = True


PRIMITIVES = frozenset({"String", "Boolean", "Int32", "DateTimeOffset", "Guid", "Untyped"})
ENUMERATIONS: Mapping[str, tuple[str, ...]] = {
    "authenticationMethodState": ("enabled", "disabled"),
    "authenticationMethodTargetType": ("user", "group", "unknownFutureValue"),
    "errorCorrectionLevel": ("l", "m", "q", "h", "unknownFutureValue"),
    "operationResult": ("success", "failure", "timeout", "unknownFutureValue"),
}


def _read(line: str) -> Property:
    name, _, kind = line.partition(":")
    navigation = name.startswith("->")
    kind = kind.strip()
    nullable, many = kind.endswith("?"), kind.rstrip("?").endswith("[]")
    return Property(name.removeprefix("->").strip(), kind.rstrip("?").removesuffix("[]"), nullable, many, navigation)


def _type(name: str, *lines: str, base: str | None = "entity", entity: bool = True) -> WireType:
    return WireType(name, tuple(_read(line) for line in lines), base if entity else None, entity)


def _complex(name: str, *lines: str) -> WireType:
    return _type(name, *lines, entity=False)


TYPES: Mapping[str, WireType] = {
    made.name: made
    for made in (
        _type("entity", "id: String", base=None),
        _type("directoryObject"),
        _type("authenticationMethod", "createdDateTime: DateTimeOffset"),
        _type(
            "qrCodePinAuthenticationMethod",
            "lastUsedDateTime: DateTimeOffset?",
            "-> standardQRCode: qrCode?",
            "-> temporaryQRCode: qrCode?",
            "-> pin: qrPin?",
            base="authenticationMethod",
        ),
        _type(
            "qrCode",
            "createdDateTime: DateTimeOffset",
            "startDateTime: DateTimeOffset",
            "expireDateTime: DateTimeOffset",
            "lastUsedDateTime: DateTimeOffset?",
            "image: qrCodeImageDetails?",
        ),
        _complex(
            "qrCodeImageDetails",
            "binaryValue: String",
            "version: Int32",
            "errorCorrectionLevel: errorCorrectionLevel",
            "rawContent: String",
        ),
        _type(
            "qrPin",
            "code: String?",
            "forceChangePinNextSignIn: Boolean",
            "createdDateTime: DateTimeOffset",
            "updatedDateTime: DateTimeOffset",
        ),
        _complex("pinChange", "currentPin: String", "newPin: String"),
        _type(
            "authentication",
            "-> methods: authenticationMethod[]",
            "-> qrCodePinMethod: qrCodePinAuthenticationMethod?",
        ),
        _type(
            "authenticationMethodConfiguration", "state: authenticationMethodState", "excludeTargets: excludeTarget[]"
        ),
        _type(
            "qrCodePinAuthenticationMethodConfiguration",
            "pinLength: Int32",
            "standardQRCodeLifetimeInDays: Int32",
            "includeTargets: authenticationMethodTarget[]",
            base="authenticationMethodConfiguration",
        ),
        _complex("excludeTarget", "id: String", "targetType: authenticationMethodTargetType"),
        _complex(
            "authenticationMethodTarget",
            "id: String",
            "targetType: authenticationMethodTargetType",
            "isRegistrationRequired: Boolean",
        ),
        _type(
            "authenticationMethodsPolicy",
            "displayName: String?",
            "description: String?",
            "policyVersion: String",
            "policyMigrationState: String?",
            "registrationEnforcement: Untyped",
            "authenticationMethodConfigurations: authenticationMethodConfiguration[]",
        ),
        _type(
            "user",
            "userPrincipalName: String",
            "displayName: String",
            "accountEnabled: Boolean",
            "userType: String?",
            "givenName: String?",
            "surname: String?",
            "mail: String?",
            "jobTitle: String?",
            "department: String?",
            "officeLocation: String?",
            "mobilePhone: String?",
            "businessPhones: String[]",
            "employeeId: String?",
            "createdDateTime: DateTimeOffset",
            "-> authentication: authentication",
            "-> memberOf: directoryObject[]",
            "-> transitiveMemberOf: directoryObject[]",
            base="directoryObject",
        ),
        _type(
            "group",
            "displayName: String",
            "description: String?",
            "mailNickname: String?",
            "isAssignableToRole: Boolean?",
            "securityEnabled: Boolean",
            "createdDateTime: DateTimeOffset",
            "-> members: directoryObject[]",
            "-> owners: directoryObject[]",
            base="directoryObject",
        ),
        _type(
            "administrativeUnit",
            "displayName: String",
            "description: String?",
            "isMemberManagementRestricted: Boolean?",
            "-> members: directoryObject[]",
            "-> scopedRoleMembers: scopedRoleMembership[]",
            base="directoryObject",
        ),
        _type("directoryRole", "displayName: String", "description: String?", "roleTemplateId: String"),
        _type(
            "unifiedRoleDefinition",
            "displayName: String",
            "description: String?",
            "isBuiltIn: Boolean",
            "isEnabled: Boolean",
            "templateId: String",
        ),
        _type("unifiedRoleAssignment", "principalId: String", "roleDefinitionId: String", "directoryScopeId: String"),
        _type("scopedRoleMembership", "roleId: String", "administrativeUnitId: String", "roleMemberInfo: identity"),
        _complex("identity", "id: String", "displayName: String?", "userPrincipalName: String?"),
        _type(
            "application",
            "appId: String",
            "displayName: String",
            "description: String?",
            "createdDateTime: DateTimeOffset",
            "passwordCredentials: passwordCredential[]",
            "keyCredentials: keyCredential[]",
            "web: Untyped",
            "spa: Untyped",
            "publicClient: Untyped",
            "isFallbackPublicClient: Boolean?",
            "backchannelLogoutUri: String?",
            base="directoryObject",
        ),
        _type(
            "servicePrincipal",
            "appId: String",
            "displayName: String",
            "accountEnabled: Boolean",
            "servicePrincipalType: String",
            "appRoles: Untyped[]",
            "oauth2PermissionScopes: Untyped[]",
            base="directoryObject",
        ),
        _complex(
            "passwordCredential",
            "keyId: String",
            "displayName: String?",
            "hint: String?",
            "secretText: String?",
            "startDateTime: DateTimeOffset",
            "endDateTime: DateTimeOffset",
        ),
        _complex(
            "keyCredential",
            "keyId: String",
            "displayName: String?",
            "type: String?",
            "usage: String?",
            "key: String?",
            "startDateTime: DateTimeOffset?",
            "endDateTime: DateTimeOffset?",
        ),
        _complex("newPassword", "passwordCredential: passwordCredential?"),
        _complex("oldPassword", "keyId: String"),
        _type("appRoleAssignment", "principalId: String", "resourceId: String", "appRoleId: String"),
        _type(
            "oAuth2PermissionGrant",
            "clientId: String",
            "consentType: String",
            "principalId: String?",
            "resourceId: String",
            "scope: String?",
        ),
        _type(
            "directoryAudit",
            "activityDateTime: DateTimeOffset",
            "activityDisplayName: String",
            "category: String",
            "correlationId: String?",
            "loggedByService: String?",
            "operationType: String?",
            "result: operationResult",
            "resultReason: String?",
            "initiatedBy: Untyped",
            "targetResources: Untyped[]",
            "additionalDetails: Untyped[]",
        ),
        _type(
            "signIn",
            "createdDateTime: DateTimeOffset",
            "userId: String",
            "userDisplayName: String?",
            "userPrincipalName: String?",
            "appId: String?",
            "appDisplayName: String?",
            "ipAddress: String?",
            "clientAppUsed: String?",
            "correlationId: String?",
            "isInteractive: Boolean?",
            "signInIdentifierType: String?",
            "userAgent: String?",
            "authenticationRequirement: String?",
            "status: Untyped",
            "authenticationDetails: Untyped[]",
        ),
        _type(
            "handle",
            "cause: String",
            "fix: String",
            "denial: String?",
            "occurredDateTime: DateTimeOffset?",
            "userId: String?",
            "userPrincipalName: String?",
        ),
        _complex("unlock", "reason: String?"),
        _type("organization", "displayName: String", "verifiedDomains: Untyped[]", base="directoryObject"),
        _complex("reference", "@odata.id: String"),
    )
}


def members(name: str) -> tuple[Property, ...]:
    """Every property of a type, those of its bases first."""
    made = TYPES[name]
    return (*(members(made.base) if made.base else ()), *made.properties)
