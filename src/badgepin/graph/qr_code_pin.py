"""The method and its codes on the wire (graph-contract 6.3 to 6.6, 6.9, 6.10)."""

from datetime import datetime

from badgepin.crypto.pin_hash import PinRow
from badgepin.domain.errors import InvalidValue, NotFound, Reason
from badgepin.domain.pin import check_pin
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.qr_code_pin import MethodLimits
from badgepin.graph.body import Json, check_type, child, instant, text
from badgepin.graph.json import collection
from badgepin.graph.qr_code_pin_json import code_json, method_json, pin_json
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import pin as pin_services
from badgepin.services import qr_code_pin as services
from badgepin.services.badge import IssuedQRCode, PrintedQRCode, print_qr_code
from badgepin.services.pin import NewMethod, WantedMethod
from badgepin.services.qr_code_pin import Admitted, CodeRules, WantedLifetime

_NO_STORE = {"cache-control": "no-store"}
_LONGEST_PIN_TEXT = 64


async def get_method(request: GraphRequest) -> GraphResponse:
    """GET the method: 200, codes and PIN inline, no secret in them."""
    admitted = await _read(request)
    method = admitted.method
    context = {"@odata.context": _context(request, admitted)}
    return request.answer(context | method_json(method, beta=request.version == "beta"))


async def get_standard_qr_code(request: GraphRequest) -> GraphResponse:
    """GET the standard code: 200 or 404."""
    return await _get_code(request, CodeKind.STANDARD)


async def get_temporary_qr_code(request: GraphRequest) -> GraphResponse:
    """GET the temporary code: 200 or 404."""
    return await _get_code(request, CodeKind.TEMPORARY)


async def _get_code(request: GraphRequest, kind: CodeKind) -> GraphResponse:
    admitted = await _read(request)
    context = {"@odata.context": _context(request, admitted, _segment(kind))}
    return request.answer(context | code_json(admitted.method.qr_code(kind)))


async def get_pin(request: GraphRequest) -> GraphResponse:
    """GET the PIN without its digits: 200 or 404."""
    admitted = await _read(request)
    return request.answer({"@odata.context": _context(request, admitted, "pin")} | pin_json(admitted.method.pin))


async def list_methods(request: GraphRequest) -> GraphResponse:
    """GET the person's methods: the QR method when there is one (graph-contract 6.10)."""
    admitted = await _read(request)
    method = admitted.view.method
    items = [] if method is None else [method_json(method, beta=request.version == "beta")]
    return request.answer(collection(request.context(f"users('{admitted.person.id}')/authentication/methods"), items))


async def get_listed_method(request: GraphRequest) -> GraphResponse:
    """GET one of the person's methods by its id: 200 or 404."""
    admitted = await _read(request)
    method = admitted.method
    if method.id != request.keys["method"].lower():
        raise NotFound(Reason.METHOD_NOT_FOUND)
    context = {"@odata.context": request.context(f"users('{admitted.person.id}')/authentication/methods/$entity")}
    return request.answer(context | method_json(method, beta=request.version == "beta"))


async def put_method(request: GraphRequest) -> GraphResponse:
    """PUT creates the method with a standard code and a temporary PIN: 201 with image and digits, once."""
    installation = request.installation
    database, rules = installation.database, code_rules(request)
    new = await database.read(
        lambda tx: pin_services.check_new_method(
            tx, request.call, request.user, lambda limits: _wanted_method(request, limits), rules
        )
    )
    admitted, issued = await _create(request, new)
    printed = print_qr_code(issued, installation.settings.payload)
    answer = {"@odata.context": _context(request, admitted)} | method_json(
        admitted.method, beta=request.version == "beta", printed=printed, digits=new.pin.digits
    )
    return request.answer(answer, status=201, headers=_NO_STORE | _location(request, admitted))


async def _create(request: GraphRequest, new: NewMethod) -> tuple[Admitted, IssuedQRCode]:
    installation, pin = request.installation, new.pin
    async with installation.hasher.slot() as slot:
        hashed = await slot.hash(pin.digits, PinRow(pin.person.id, pin.pin_id, pin.version))
    days = installation.settings.temporary_pin_days
    return await installation.database.write(
        lambda tx: pin_services.create_method(tx, request.call, new, hashed, days, installation.keys)
    )


def _wanted_method(request: GraphRequest, limits: MethodLimits) -> WantedMethod:
    body = request.body()
    check_type(body, "qrCodePinAuthenticationMethod", strict=request.strict)
    code = child(body, "standardQRCode")
    if code is None or body.get("temporaryQRCode") is not None:
        raise InvalidValue(Reason.STANDARD_QR_CODE_REQUIRED)
    check_type(code, "qrCode", strict=request.strict)
    digits = _wanted_digits(request, child(body, "pin") or {}, limits)
    return WantedMethod(wanted_lifetime(request, code), digits)


def _wanted_digits(request: GraphRequest, pin: Json, limits: MethodLimits) -> str:
    check_type(pin, "qrPin", strict=request.strict)
    digits = text(pin, "code", longest=_LONGEST_PIN_TEXT)
    if not digits and not request.strict:
        return pin_services.generate(limits.pin_length)
    check_pin(digits or "", minimum=limits.pin_length, strict=request.strict)
    return digits or ""


async def patch_standard_qr_code(request: GraphRequest) -> GraphResponse:
    """PATCH creates a standard code (201) or moves the end of the active one (200)."""
    installation = request.installation
    rules = code_rules(request)
    result = await installation.database.write(
        lambda tx: services.patch_standard_qr_code(
            tx, request.call, request.user, lambda: _wanted_code(request), rules, installation.keys
        )
    )
    if isinstance(result, services.Issued):
        return _created(request, result.admitted, result.issued)
    context = {"@odata.context": _context(request, result.admitted, _segment(CodeKind.STANDARD))}
    return request.answer(context | code_json(result.code))


async def patch_temporary_qr_code(request: GraphRequest) -> GraphResponse:
    """PATCH creates a temporary code of at most 12 hours: 201 with image, once."""
    installation = request.installation
    result = await installation.database.write(
        lambda tx: services.create_temporary_qr_code(
            tx, request.call, request.user, lambda: _wanted_code(request), installation.keys
        )
    )
    return _created(request, result.admitted, result.issued)


def _created(request: GraphRequest, admitted: Admitted, issued: IssuedQRCode) -> GraphResponse:
    printed: PrintedQRCode = print_qr_code(issued, request.installation.settings.payload)
    context = {"@odata.context": _context(request, admitted, _segment(issued.code.kind))}
    return request.answer(
        context | code_json(issued.code, printed),
        status=created_status(request),
        headers=_NO_STORE | _location(request, admitted),
    )


async def delete_method(request: GraphRequest) -> GraphResponse:
    """DELETE the method with both codes and the PIN: 204."""
    await request.installation.database.write(lambda tx: services.delete_method(tx, request.call, request.user))
    return NO_CONTENT


async def delete_standard_qr_code(request: GraphRequest) -> GraphResponse:
    """DELETE the standard code: 204; temporary code and PIN stay."""
    return await _delete_code(request, CodeKind.STANDARD)


async def delete_temporary_qr_code(request: GraphRequest) -> GraphResponse:
    """DELETE the temporary code, before or after it expired: 204; standard code and PIN stay."""
    return await _delete_code(request, CodeKind.TEMPORARY)


async def _delete_code(request: GraphRequest, kind: CodeKind) -> GraphResponse:
    await request.installation.database.write_once(
        lambda tx: services.delete_qr_code(tx, request.call, request.user, kind)
    )
    return NO_CONTENT


async def _read(request: GraphRequest) -> Admitted:
    return await request.installation.database.read(lambda tx: services.read_method(tx, request.call, request.user))


def _wanted_code(request: GraphRequest) -> WantedLifetime:
    body = request.body()
    check_type(body, "qrCode", strict=request.strict)
    return wanted_lifetime(request, body)


def wanted_lifetime(request: GraphRequest, body: Json) -> WantedLifetime:
    """The dates in a body. Raises `InvalidValue`."""

    def at(name: str) -> datetime | None:
        return instant(body, name, strict=request.strict)

    return WantedLifetime(at("startDateTime"), at("expireDateTime"))


def code_rules(request: GraphRequest) -> CodeRules:
    """How long standard codes may live here."""
    settings = request.installation.settings
    return CodeRules(395 if settings.strict else settings.standard_max_days)


def created_status(request: GraphRequest) -> int:
    """201 as documented; 200 for the Go SDK, which refuses 201 on PATCH (graph-contract 6.2)."""
    wanted = request.installation.settings.patch_create_status
    if wanted == "200" and not request.strict:
        return 200
    by_go = "go-azure-sdk" in request.headers.get("user-agent", "").lower()
    return 200 if wanted == "auto" and by_go and not request.strict else 201


def _segment(kind: CodeKind) -> str:
    return "standardQRCode" if kind is CodeKind.STANDARD else "temporaryQRCode"


def _context(request: GraphRequest, admitted: Admitted, below: str = "") -> str:
    below = f"/{below}" if below else ""
    return request.context(f"users('{admitted.person.id}')/authentication/qrCodePinMethod{below}/$entity")


def _location(request: GraphRequest, admitted: Admitted) -> dict[str, str]:
    return {"location": f"/{request.version}/users/{admitted.person.id}/authentication/qrCodePinMethod"}
