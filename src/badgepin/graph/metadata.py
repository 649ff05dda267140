"""`$metadata`: the model as CSDL, with the method's navigation and the `updatePin` action (graph-contract 3.6)."""

from functools import cache
from xml.sax.saxutils import quoteattr

from badgepin.graph.model import ENUMERATIONS, PRIMITIVES, TYPES, Property, WireType
from badgepin.graph.request import GraphResponse

_ENTITY_SETS = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "directoryRoles": "directoryRole",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "organization": "organization",
}
_CONTENT_TYPE = {"content-type": "application/xml;charset=utf-8"}
_HIDDEN = frozenset({"pinChange", "reference", "newPassword", "oldPassword"})


@cache
def metadata_document() -> GraphResponse:
    """The document, which needs no token: it says what exists, not what is in it."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>']
    parts.append('<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>')
    parts.append('<Schema Namespace="microsoft.graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">')
    parts += [_enumeration(name, values) for name, values in ENUMERATIONS.items()]
    parts += [_type(made) for name, made in TYPES.items() if name not in _HIDDEN]
    parts.append(
        '<Action Name="updatePin" IsBound="true"><Parameter Name="bindingParameter" Type="graph.qrPin"/>'
        '<Parameter Name="currentPin" Type="Edm.String" Unicode="false"/>'
        '<Parameter Name="newPin" Type="Edm.String" Unicode="false"/></Action>'
    )
    sets = [f'<EntitySet Name="{name}" EntityType="microsoft.graph.{kind}"/>' for name, kind in _ENTITY_SETS.items()]
    me = '<Singleton Name="me" Type="microsoft.graph.user"/>'
    parts.append(f'<EntityContainer Name="GraphService">{"".join(sets)}{me}</EntityContainer>')
    parts.append("</Schema></edmx:DataServices></edmx:Edmx>")
    text = "".join(parts).replace('"graph.', '"microsoft.graph.')
    return GraphResponse(200, text.encode(), _CONTENT_TYPE)


def _enumeration(name: str, values: tuple[str, ...]) -> str:
    members = "".join(f'<Member Name="{value}" Value="{number}"/>' for number, value in enumerate(values))
    return f'<EnumType Name="{name}">{members}</EnumType>'


def _type(made: WireType) -> str:
    element = "EntityType" if made.entity else "ComplexType"
    base = f' BaseType="microsoft.graph.{made.base}"' if made.base else ""
    key = '<Key><PropertyRef Name="id"/></Key>' if made.name == "entity" else ""
    members = "".join(_member(member) for member in made.properties)
    return f"<{element} Name={quoteattr(made.name)}{base}>{key}{members}</{element}>"


def _member(member: Property) -> str:
    kind = f"Edm.{member.type}" if member.type in PRIMITIVES else f"microsoft.graph.{member.type}"
    kind = f"Collection({kind})" if member.many else kind
    nullable = "" if member.nullable else ' Nullable="false"'
    if member.navigation:
        contained = "" if member.many else ' ContainsTarget="true"'
        return f'<NavigationProperty Name="{member.name}" Type="{kind}"{contained}/>'
    return f'<Property Name="{member.name}" Type="{kind}"{nullable}/>'
