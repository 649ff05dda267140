"""Request bodies: JSON as real clients send it, and as the documentation says in strict mode (graph-contract 3.3)."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from badgepin.domain.errors import InvalidValue, Reason

# a string, or a comma that only white space separates from a closing bracket
_TRAILING_COMMA = re.compile(rb'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?(Z|z|[+-]\d{2}:\d{2})?\Z", re.ASCII)
_CULTURE = re.compile(
    r"^(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) (AM|PM|am|pm)(?: ([+-]\d{2}:\d{2}))?\Z", re.ASCII
)
_MAX_DEPTH = 32
_NOON = 12

Json = dict[str, object]


def invalid(message: str) -> InvalidValue:
    """A 400 with a sentence of our own."""
    return InvalidValue(Reason.VALUE_INVALID, message=message)


def read_object(raw: bytes, *, strict: bool) -> Json:
    """The JSON object in a body; an empty body is an empty object. Raises `InvalidValue`."""
    if not raw.strip():
        return {}
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if strict or not isinstance(error, msgspec.DecodeError):
            raise invalid("The request body is not valid JSON.") from error
        value = _without_trailing_commas(raw)
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object.")
    _check_text(value, 0)
    return value


def _without_trailing_commas(raw: bytes) -> object:
    try:
        return msgspec.json.decode(_TRAILING_COMMA.sub(lambda found: found[1] or b"", raw))
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid("The request body is not valid JSON.") from error


def _check_text(value: object, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise invalid("The request body is nested too deeply.")
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise invalid("The request body contains a character that cannot be stored.")
        case dict():
            for name, item in value.items():
                _check_text(name, depth + 1)
                _check_text(item, depth + 1)
        case list():
            for item in value:
                _check_text(item, depth + 1)


def check_type(body: Json, expected: str, *, strict: bool) -> None:
    """In strict mode a wrong `@odata.type` is refused; otherwise the path says what the body is."""
    given = body.get("@odata.type")
    if strict and given is not None and given != f"#microsoft.graph.{expected}":
        raise invalid(f"The @odata.type must be '#microsoft.graph.{expected}'.")


def text(body: Json, name: str, *, longest: int = 256) -> str | None:
    """A string member, or None when it is absent or null. Raises `InvalidValue` for another type."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(f"'{name}' must be a string.")
    if len(value) > longest:
        raise invalid(f"'{name}' must not be longer than {longest} characters.")
    return value


def required_text(body: Json, name: str, *, longest: int = 256) -> str:
    """A string member that must be there and not be blank."""
    value = text(body, name, longest=longest)
    if value is None or not value.strip():
        raise invalid(f"'{name}' is required.")
    return value


def boolean(body: Json, name: str) -> bool | None:
    """A Boolean member, or None when it is absent or null."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise invalid(f"'{name}' must be true or false.")


def integer(body: Json, name: str) -> int | None:
    """A whole number member, or None when it is absent or null."""
    value = body.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise invalid(f"'{name}' must be a whole number.")


def texts(body: Json, name: str) -> list[str] | None:
    """A member that is a list of strings, or None when it is absent or null."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"'{name}' must be a list of strings.")
    return value


def child(body: Json, name: str) -> Json | None:
    """An object member, or None when it is absent or null."""
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise invalid(f"'{name}' must be an object.")


def instant(body: Json, name: str, *, strict: bool) -> datetime | None:
    """A date and time member in whole seconds UTC, or None when it is absent or null.

    Lenient: a time without offset is UTC, and `12/1/2026 12:00:00 PM +00:00` is read as well.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(f"'{name}' must be a date and time such as 2026-11-23T09:00:00Z.")
    parsed = read_instant(value, strict=strict)
    if parsed is None:
        raise invalid(f"'{name}' is not a date and time such as 2026-11-23T09:00:00Z.")
    return parsed


def read_instant(value: str, *, strict: bool) -> datetime | None:
    """The instant that a text names, cut to whole seconds, or None when it names none."""
    try:
        if found := _ISO.match(value):
            offset = found[8]
            if offset is None and strict:
                return None
            year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
            return _in_utc(datetime(year, month, day, hour, minute, second, tzinfo=UTC), offset)
        if (found := _CULTURE.match(value)) and not strict:
            month, day, year, hour, minute, second = (int(part) for part in found.groups()[:6])
            if not 1 <= hour <= _NOON:
                return None
            hour = hour % _NOON + (_NOON if found[7].upper() == "PM" else 0)
            return _in_utc(datetime(year, month, day, hour, minute, second, tzinfo=UTC), found[8])
    except (ValueError, OverflowError):
        return None
    return None


def _in_utc(local: datetime, offset: str | None) -> datetime:
    if offset is None or offset in "Zz":
        return local
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - the widest offset in use, and minutes of an hour
        raise ValueError(offset)
    ahead = timedelta(hours=hours, minutes=minutes)
    return local - ahead if offset[0] == "+" else local + ahead
