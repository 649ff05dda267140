"""The table of contents of the Graph API: verb, path, permission, function.

A path matches in any case (graph-contract 3.1); what is below `/users/{user}/authentication` is served below `/me` too.
"""

from dataclasses import replace

from badgepin.graph import permissions as may
from badgepin.graph import pin, qr_code_pin
from badgepin.graph.request import Route

_METHOD = "/users/{user}/authentication/qrCodePinMethod"
_METHOD_ROUTES = (
    Route("GET", "/users/{user}/authentication/methods", may.METHOD_LIST, qr_code_pin.list_methods),
    Route("GET", _METHOD, may.METHOD_READ, qr_code_pin.get_method),
    Route("PUT", _METHOD, may.METHOD_WRITE, qr_code_pin.put_method),
    Route("DELETE", _METHOD, may.METHOD_WRITE, qr_code_pin.delete_method),
    Route("GET", f"{_METHOD}/standardQRCode", may.METHOD_READ, qr_code_pin.get_standard_qr_code),
    Route("PATCH", f"{_METHOD}/standardQRCode", may.METHOD_WRITE, qr_code_pin.patch_standard_qr_code),
    Route("DELETE", f"{_METHOD}/standardQRCode", may.METHOD_WRITE, qr_code_pin.delete_standard_qr_code),
    Route("GET", f"{_METHOD}/temporaryQRCode", may.METHOD_READ, qr_code_pin.get_temporary_qr_code),
    Route("PATCH", f"{_METHOD}/temporaryQRCode", may.METHOD_WRITE, qr_code_pin.patch_temporary_qr_code),
    Route("DELETE", f"{_METHOD}/temporaryQRCode", may.METHOD_WRITE, qr_code_pin.delete_temporary_qr_code),
    Route("GET", f"{_METHOD}/pin", may.METHOD_READ, qr_code_pin.get_pin),
    Route("PATCH", f"{_METHOD}/pin", may.METHOD_WRITE, pin.reset_pin),
    *(
        Route(verb, f"{_METHOD}{path}", may.PIN_CHANGE, pin.update_pin)
        for verb in ("PATCH", "POST")
        for path in ("/pin/updatePin", "/updatePin", "/pin/microsoft.graph.updatePin", "/microsoft.graph.updatePin")
    ),
)

ROUTES: tuple[Route, ...] = (
    *_METHOD_ROUTES,
    *(replace(route, path=route.path.replace("/users/{user}", "/me")) for route in _METHOD_ROUTES),
)
