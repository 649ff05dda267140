"""The table of contents of the Graph API: verb, path, permission, function. The directory has a page of its own.

A path matches in any case (graph-contract 3.1); what is below `/users/{user}/authentication` is served below `/me` too.
"""

from dataclasses import replace

from badgepin.graph import (
    batch,
    directory_audit,
    log_export,
    organization,
    pin,
    qr_code_pin,
    sign_in_help,
    sign_in_log,
)
from badgepin.graph import permissions as may
from badgepin.graph.batch_routes import BATCH_ROUTES
from badgepin.graph.desk_routes import DESK_ROUTES
from badgepin.graph.directory_routes import DIRECTORY_ROUTES
from badgepin.graph.passkey_routes import INVITATION_ROUTES, PASSKEY_ROUTES
from badgepin.graph.policy_routes import POLICY_ROUTES
from badgepin.graph.report_routes import REPORT_ROUTES
from badgepin.graph.request import BATCH, Route

# a row: verb, path, permission, function; then body, answer and statuses as OpenAPI describes them
_METHODS = "/users/{user}/authentication/methods"
_METHOD = "/users/{user}/authentication/qrCodePinMethod"
_TYPE = "qrCodePinAuthenticationMethod"
_METHOD_ROUTES = (
    Route("GET", _METHODS, may.METHOD_LIST, qr_code_pin.list_methods, None, f"{_TYPE}[]"),
    Route("GET", f"{_METHODS}/{{method}}", may.METHOD_LIST, qr_code_pin.get_listed_method, None, _TYPE),
    Route("GET", _METHOD, may.METHOD_READ, qr_code_pin.get_method, None, _TYPE),
    Route("PUT", _METHOD, may.METHOD_WRITE, qr_code_pin.put_method, _TYPE, _TYPE, (201,), fresh=True),
    Route("DELETE", _METHOD, may.METHOD_WRITE, qr_code_pin.delete_method, None, None, (204,)),
    Route("GET", f"{_METHOD}/standardQRCode", may.METHOD_READ, qr_code_pin.get_standard_qr_code, None, "qrCode"),
    Route(
        "PATCH",
        f"{_METHOD}/standardQRCode",
        may.METHOD_WRITE,
        qr_code_pin.patch_standard_qr_code,
        "qrCode",
        "qrCode",
        (200, 201),
        fresh=True,
    ),
    Route(
        "DELETE", f"{_METHOD}/standardQRCode", may.METHOD_WRITE, qr_code_pin.delete_standard_qr_code, None, None, (204,)
    ),
    Route("GET", f"{_METHOD}/temporaryQRCode", may.METHOD_READ, qr_code_pin.get_temporary_qr_code, None, "qrCode"),
    Route(
        "PATCH",
        f"{_METHOD}/temporaryQRCode",
        may.METHOD_WRITE,
        qr_code_pin.patch_temporary_qr_code,
        "qrCode",
        "qrCode",
        (200, 201),
        fresh=True,
    ),
    Route(
        "DELETE",
        f"{_METHOD}/temporaryQRCode",
        may.METHOD_WRITE,
        qr_code_pin.delete_temporary_qr_code,
        None,
        None,
        (204,),
    ),
    Route("GET", f"{_METHOD}/pin", may.METHOD_READ, qr_code_pin.get_pin, None, "qrPin"),
    Route("PATCH", f"{_METHOD}/pin", may.METHOD_WRITE, pin.reset_pin, "qrPin", "qrPin", (200, 201), fresh=True),
    *(
        Route(verb, f"{_METHOD}{path}", may.PIN_CHANGE, pin.update_pin, "pinChange", None, (204,))
        for verb in ("PATCH", "POST")
        for path in ("/pin/updatePin", "/updatePin", "/pin/microsoft.graph.updatePin", "/microsoft.graph.updatePin")
    ),
)

_LOG_ROUTES = (
    Route("GET", "/organization", may.ORGANIZATION_READ, organization.list_organizations, None, "organization[]"),
    Route(
        "GET",
        "/auditLogs/directoryAudits",
        may.AUDIT_READ,
        directory_audit.list_directory_audits,
        None,
        "directoryAudit[]",
        schema=directory_audit.SCHEMA,
    ),
    Route(
        "GET",
        "/auditLogs/directoryAudits/{event}",
        may.AUDIT_READ,
        directory_audit.get_directory_audit,
        None,
        "directoryAudit",
    ),
    Route(
        "GET",
        "/auditLogs/signIns",
        may.SIGN_IN_READ,
        sign_in_log.list_sign_ins,
        None,
        "signIn[]",
        schema=sign_in_log.SCHEMA,
    ),
    Route("GET", "/auditLogs/signIns/{event}", may.SIGN_IN_READ, sign_in_log.get_sign_in, None, "signIn"),
)

# beyond Graph
_OWN = _METHOD.replace("/users/{user}", "/me")
_HELP_ROUTES = (
    Route(
        "POST", f"{_METHOD}/pin/unlock", may.METHOD_WRITE, sign_in_help.unlock_pin, "unlock", None, (204,), fresh=True
    ),
    Route("GET", f"{_METHOD}/eligibility", may.METHOD_READ, sign_in_help.get_eligibility, None, "eligibility"),
    Route("GET", f"{_OWN}/eligibility", may.METHOD_READ, sign_in_help.get_eligibility, None, "eligibility"),
    Route("GET", "/badgepin/handles/{handle}", may.METHOD_READ, sign_in_help.explain_handle, None, "handle"),
    Route(
        "GET",
        "/badgepin/exports/directoryAudits",
        may.AUDIT_READ,
        log_export.export_directory_audits,
        schema=replace(directory_audit.SCHEMA, sortable=frozenset()),
    ),
    Route(
        "GET",
        "/badgepin/exports/signIns",
        may.SIGN_IN_READ,
        log_export.export_sign_ins,
        schema=replace(sign_in_log.SCHEMA, sortable=frozenset()),
    ),
)

ROUTES: tuple[Route, ...] = (
    *_METHOD_ROUTES,
    *PASSKEY_ROUTES,
    *(replace(route, path=route.path.replace("/users/{user}", "/me")) for route in (*_METHOD_ROUTES, *PASSKEY_ROUTES)),
    *POLICY_ROUTES,
    *DIRECTORY_ROUTES,
    *_LOG_ROUTES,
    *REPORT_ROUTES,
    *DESK_ROUTES,
    *BATCH_ROUTES,
    *INVITATION_ROUTES,
    *_HELP_ROUTES,
    Route("POST", BATCH, may.ANY_TOKEN, batch.post_batch, "batch"),
)
