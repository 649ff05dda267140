"""OpenAPI 3.1 made from the route table and the wire model: what is served is what is described."""

import re
from functools import cache

from badgepin import __version__
from badgepin.graph.body import Json
from badgepin.graph.document import MEDIA
from badgepin.graph.model import ENUMERATIONS, TYPES, members
from badgepin.graph.policy_model import FLAGS
from badgepin.graph.query_options import options_of
from badgepin.graph.request import Route
from badgepin.graph.routes import ROUTES
from badgepin.graph.wire_type import Property

_KEY = re.compile(r"\{(\w+)\}")
_PRIMITIVES: dict[str, Json] = {
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Int32": {"type": "integer", "format": "int32"},
    "DateTimeOffset": {"type": "string", "format": "date-time"},
    "Guid": {"type": "string", "format": "uuid"},
    "Untyped": {},
}
_DESCRIPTIONS = {
    200: "Done; the answer is in the body.",
    202: "Begun; the address in `Location` says how far it is. Secrets in the body are shown this once.",
    201: "Created; secrets in the body are shown this once.",
    204: "Done; no body.",
}


@cache
def openapi_document() -> Json:
    """The document served as `/openapi.json`."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.verb.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Badgepin Graph API",
            "version": __version__,
            "description": "Badge + PIN sign-in, managed through the API of Microsoft Graph's QR code + PIN method.",
        },
        "servers": [{"url": "/v1.0"}, {"url": "/beta"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {**{name: _schema(name) for name in TYPES}, **_ENUMERATIONS, "error": _ERROR, "batch": _BATCH},
            "responses": {"error": _ERROR_RESPONSE},
        },
    }


def _operation(route: Route) -> Json:
    keys: list[Json] = [
        {"name": key, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for key in _KEY.findall(route.path)
    ]
    operation: Json = {
        "summary": _summary(route),
        "tags": [route.permission.name],
        "parameters": [*keys, *(options_of(route) if route.verb == "GET" else [])],
        "responses": {
            **{str(status): _answer(route, status) for status in route.statuses},
            "4XX": {"$ref": "#/components/responses/error"},
            "503": {"$ref": "#/components/responses/error"},
        },
        "x-permissions": {
            "delegated": sorted(route.permission.delegated | route.permission.lenient),
            "application": sorted(route.permission.application),
        },
    }
    if route.body is not None:
        schema = {"$ref": f"#/components/schemas/{route.body}"}
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": schema}}}
    return operation


def _summary(route: Route) -> str:
    return (route.handle.__doc__ or route.path).strip().splitlines()[0]


def _answer(route: Route, status: int) -> Json:
    answer: Json = {"description": _DESCRIPTIONS[status]}
    if "/exports/" in route.path:
        file: Json = {"schema": {"type": "string"}}
        return answer | {"content": {"application/x-ndjson": file, "text/csv": file}}
    if route.path.endswith("/print"):
        return answer | {"content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()}}
    if route.path.endswith("/documents/{document}"):
        return answer | {"content": {"application/pdf": {"schema": {"type": "string"}}}}
    if route.path.endswith("/$count"):
        return answer | {"content": {"text/plain": {"schema": {"type": "string", "pattern": "^[0-9]+$"}}}}
    if route.answer is None or status == 204:  # noqa: PLR2004 - No Content
        return answer
    name = route.answer.removesuffix("[]")
    one: Json = {"$ref": f"#/components/schemas/{name}"} if name in TYPES else {}
    schema: Json = one
    if route.answer.endswith("[]"):
        schema = {
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {"type": "array", "items": one},
                "@odata.nextLink": {"type": "string", "format": "uri"},
                "@odata.count": {"type": "integer", "minimum": 0},
            },
        }
    answer["content"] = {"application/json": {"schema": schema}}
    return answer


def _schema(name: str) -> Json:
    return {"type": "object", "properties": {member.name: _member(member) for member in members(name)}}


def _member(member: Property) -> Json:
    one: Json = _PRIMITIVES.get(member.type) or {"$ref": f"#/components/schemas/{member.type}"}
    if member.type == "Untyped":
        one = {}
    schema: Json = {"type": "array", "items": one} if member.many else one
    return {"anyOf": [schema, {"type": "null"}]} if member.nullable else schema


def _enumeration(name: str, values: tuple[str, ...]) -> Json:
    if name not in FLAGS:
        return {"type": "string", "enum": list(values)}
    one = f"({'|'.join(values)})"
    return {"type": "string", "pattern": f"^{one}(,{one})*$"}


_ENUMERATIONS: dict[str, Json] = {name: _enumeration(name, values) for name, values in ENUMERATIONS.items()}
_ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "innerError"],
            "properties": {
                "code": {"type": "string", "minLength": 1},
                "message": {"type": "string", "minLength": 1},
                "innerError": {"type": "object", "required": ["date", "request-id", "client-request-id"]},
            },
        }
    },
}
_ERROR_RESPONSE: Json = {
    "description": "Refused; nothing was changed.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
}
_BATCH: Json = {
    "type": "object",
    "required": ["requests"],
    "properties": {
        "requests": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["id", "method", "url"],
                "properties": {
                    "id": {"type": ["string", "integer"]},
                    "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                    "url": {"type": "string"},
                    "headers": {"type": "object"},
                    "body": {},
                    "dependsOn": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}
