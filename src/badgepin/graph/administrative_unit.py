"""Administrative units on the wire (graph-contract 11)."""

from dataclasses import replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.directory_object import Relation
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json, boolean, invalid, required_text, text
from badgepin.graph.directory_object import unit_json
from badgepin.graph.filter import Schema
from badgepin.graph.listing import Listed, answer_count, answer_list, with_related
from badgepin.graph.reference import referenced_id
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.graph.selection import select, selected
from badgepin.services import administrative_unit as services

_LONGEST_TEXT = 1024


SCHEMA = Schema(
    "microsoft.graph.administrativeUnit",
    {
        "id": Field("id", Kind.CODE),
        "displayname": Field("display_name", Kind.NAME),
        "description": Field("description", Kind.TEXT),
        "ismembermanagementrestricted": Field("is_member_management_restricted", Kind.BOOLEAN),
    },
    sortable=frozenset({"displayname"}),
    searchable=("displayName", "description"),
    expandable=("members",),
)
_RELATIONS = {"members": Relation.UNIT_MEMBERS}


async def list_units(request: GraphRequest) -> GraphResponse:
    """GET a page of administrative units."""
    return await answer_list(
        request,
        Listed("directory/administrativeUnits", unit_json, lambda unit: unit.id, _RELATIONS),
        lambda tx, query: services.list_units(tx, request.call, query),
    )


async def count_units(request: GraphRequest) -> GraphResponse:
    """GET how many administrative units there are, as text."""
    return await answer_count(request, lambda tx, query: services.count_units(tx, request.call, query))


async def get_unit(request: GraphRequest) -> GraphResponse:
    """GET one administrative unit."""
    named = request.keys["unit"]
    unit, more = await request.installation.database.read(
        lambda tx: with_related(
            tx, request, _RELATIONS, (found := services.get_unit(tx, request.call, named)), found.id
        )
    )
    return _answer(request, unit, more)


async def create_unit(request: GraphRequest) -> GraphResponse:
    """POST adds an administrative unit: 201."""
    unit = await request.installation.database.write(
        lambda tx: services.create_unit(tx, request.call, lambda: _new(request))
    )
    location = {"location": f"{request.root}/directory/administrativeUnits/{unit.id}"}
    return _answer(request, unit, status=201, headers=location)


async def patch_unit(request: GraphRequest) -> GraphResponse:
    """PATCH changes an administrative unit: 204."""
    unit = await request.installation.database.write(
        lambda tx: services.update_unit(tx, request.call, request.keys["unit"], lambda old: _with(old, request.body()))
    )
    return _answer(request, unit) if request.prefers("representation") else NO_CONTENT


async def delete_unit(request: GraphRequest) -> GraphResponse:
    """DELETE removes an administrative unit with the roles held in it: 204."""
    await request.installation.database.write(lambda tx: services.delete_unit(tx, request.call, request.keys["unit"]))
    return NO_CONTENT


async def add_member(request: GraphRequest) -> GraphResponse:
    """POST members/$ref adds a person or group: 204."""
    await request.installation.database.write(
        lambda tx: services.add_member(tx, request.call, request.keys["unit"], lambda: referenced_id(request))
    )
    return NO_CONTENT


async def remove_member(request: GraphRequest) -> GraphResponse:
    """DELETE members/{id}/$ref removes a person or group: 204."""
    await request.installation.database.write(
        lambda tx: services.remove_member(tx, request.call, request.keys["unit"], request.keys["member"])
    )
    return NO_CONTENT


def _answer(
    request: GraphRequest,
    unit: AdministrativeUnit,
    more: Json | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> GraphResponse:
    context: Json = {"@odata.context": request.context("directory/administrativeUnits/$entity")}
    answer = context | select(unit_json(unit), selected(request)) | (more or {})
    return request.answer(answer, status=status, headers=headers)


def _new(request: GraphRequest) -> AdministrativeUnit:
    body = request.body()
    unit = AdministrativeUnit(
        id=new_guid(),
        display_name=required_text(body, "displayName"),
        created_at=request.call.now,
        is_member_management_restricted=boolean(body, "isMemberManagementRestricted") or False,
    )
    return _with(unit, body)


def _with(unit: AdministrativeUnit, body: Json) -> AdministrativeUnit:
    restricted = boolean(body, "isMemberManagementRestricted")
    if restricted is not None and restricted != unit.is_member_management_restricted:
        raise invalid("'isMemberManagementRestricted' can be set only when an administrative unit is created.")
    if "displayName" in body:
        unit = replace(unit, display_name=required_text(body, "displayName"))
    if "description" in body:
        unit = replace(unit, description=text(body, "description", longest=_LONGEST_TEXT))
    return unit
