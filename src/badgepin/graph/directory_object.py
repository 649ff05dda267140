"""People, groups, administrative units and roles as they look on the wire, alone or in lists of several kinds."""

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.directory_role import DirectoryRole
from badgepin.domain.group import Group
from badgepin.domain.user import User
from badgepin.graph.body import Json
from badgepin.graph.json import instant_text

USER_TEXTS = {
    "givenName": "given_name",
    "surname": "surname",
    "mail": "mail",
    "jobTitle": "job_title",
    "department": "department",
    "officeLocation": "office_location",
    "mobilePhone": "mobile_phone",
    "employeeId": "employee_id",
}
"""The properties of a `user` that are plain text, and the fields behind them."""


def object_json(item: DirectoryObject) -> Json:
    """One of several kinds, with its type."""
    match item:
        case User():
            return {"@odata.type": "#microsoft.graph.user"} | user_json(item)
        case Group():
            return {"@odata.type": "#microsoft.graph.group"} | group_json(item)
        case AdministrativeUnit():
            return {"@odata.type": "#microsoft.graph.administrativeUnit"} | unit_json(item)
        case DirectoryRole():
            return {"@odata.type": "#microsoft.graph.directoryRole"} | role_json(item)


def user_json(user: User) -> Json:
    """`user`."""
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "accountEnabled": user.account_enabled,
        "userType": user.user_type.value,
        "businessPhones": list(user.business_phones),
        "createdDateTime": instant_text(user.created_at),
        **{name: getattr(user, field) for name, field in USER_TEXTS.items()},
    }


def group_json(group: Group) -> Json:
    """`group`: always a security group here."""
    return {
        "id": group.id,
        "displayName": group.display_name,
        "description": group.description,
        "mailNickname": group.mail_nickname,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
        "isAssignableToRole": group.is_assignable_to_role,
        "createdDateTime": instant_text(group.created_at),
    }


def unit_json(unit: AdministrativeUnit) -> Json:
    """`administrativeUnit`."""
    return {
        "id": unit.id,
        "displayName": unit.display_name,
        "description": unit.description,
        "visibility": None,
        "isMemberManagementRestricted": unit.is_member_management_restricted,
    }


def role_json(role: DirectoryRole) -> Json:
    """`directoryRole`."""
    return {
        "id": role.id,
        "displayName": role.display_name,
        "description": role.description,
        "roleTemplateId": role.id,
    }
