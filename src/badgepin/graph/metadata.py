"""`$metadata`: the model as CSDL: what is served, and nothing that is not."""

from functools import cache
from xml.sax.saxutils import quoteattr

from badgepin.graph.model import ACTIONS, ENTITY_SETS, ENUMERATIONS, FUNCTIONS, PRIMITIVES, SINGLETONS, TYPES
from badgepin.graph.policy_model import FLAGS
from badgepin.graph.request import GraphResponse
from badgepin.graph.wire_type import Action, Function, Property, WireType, read_kind

_CONTENT_TYPE = {"content-type": "application/xml;charset=utf-8"}
# the bodies of actions are their parameters, and a reference is OData's own
_HIDDEN = frozenset({"reference", *(action.takes for action in ACTIONS)})


@cache
def metadata_document() -> GraphResponse:
    """The document, which needs no token: it says what exists, not what is in it."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>']
    parts.append('<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>')
    parts.append('<Schema Namespace="microsoft.graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">')
    parts += [_enumeration(name, values) for name, values in ENUMERATIONS.items()]
    parts += [_type(made) for name, made in TYPES.items() if name not in _HIDDEN]
    parts += [*map(_action, ACTIONS), *map(_function, FUNCTIONS)]
    sets = [f'<EntitySet Name="{name}" EntityType="graph.{kind}"/>' for name, kind in ENTITY_SETS.items()]
    sets += [f'<Singleton Name="{name}" Type="graph.{kind}"/>' for name, kind in SINGLETONS.items()]
    parts.append(f'<EntityContainer Name="GraphService">{"".join(sets)}</EntityContainer>')
    parts.append("</Schema></edmx:DataServices></edmx:Edmx>")
    text = "".join(parts).replace('"graph.', '"microsoft.graph.')
    return GraphResponse(200, text.encode(), _CONTENT_TYPE)


def _enumeration(name: str, values: tuple[str, ...]) -> str:
    flags = name in FLAGS
    kind = ' IsFlags="true"' if flags else ""
    members = "".join(
        f'<Member Name="{value}" Value="{1 << number if flags else number}"/>' for number, value in enumerate(values)
    )
    return f'<EnumType Name="{name}"{kind}>{members}</EnumType>'


def _action(action: Action) -> str:
    parameters = [f'<Parameter Name="bindingParameter" Type="graph.{action.bound_to}"/>']
    parameters += [
        f'<Parameter Name="{member.name}" Type="{_kind(member)}"/>'
        for member in (TYPES[action.takes].properties if action.takes else ())
    ]
    returned = f'<ReturnType Type="{_kind(Property("", action.answers))}"/>' if action.answers else ""
    return f'<Action Name="{action.name}" IsBound="true">{"".join(parameters)}{returned}</Action>'


def _function(function: Function) -> str:
    parameters = [f'<Parameter Name="bindingParameter" Type="{_kind(read_kind(function.bound_to))}"/>']
    parameters += [f'<Parameter Name="{name}" Type="Edm.String"/>' for name in function.takes]
    returned = f'<ReturnType Type="{_kind(read_kind(function.answers))}"/>'
    return f'<Function Name="{function.name}" IsBound="true">{"".join(parameters)}{returned}</Function>'


def _type(made: WireType) -> str:
    element = "EntityType" if made.entity else "ComplexType"
    base = f' BaseType="microsoft.graph.{made.base}"' if made.base else ""
    key = '<Key><PropertyRef Name="id"/></Key>' if made.name == "entity" else ""
    members = "".join(_member(member) for member in made.properties)
    return f"<{element} Name={quoteattr(made.name)}{base}>{key}{members}</{element}>"


def _member(member: Property) -> str:
    kind = _kind(member)
    nullable = "" if member.nullable else ' Nullable="false"'
    if member.navigation:
        contained = "" if member.many else ' ContainsTarget="true"'
        return f'<NavigationProperty Name="{member.name}" Type="{kind}"{contained}/>'
    return f'<Property Name="{member.name}" Type="{kind}"{nullable}/>'


def _kind(member: Property) -> str:
    kind = f"Edm.{member.type}" if member.type in PRIMITIVES else f"microsoft.graph.{member.type}"
    return f"Collection({kind})" if member.many else kind
