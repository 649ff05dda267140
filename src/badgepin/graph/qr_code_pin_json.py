"""Method, code and PIN as Graph writes them (graph-contract 4). Secrets appear only when handed in."""

from base64 import b64encode

from badgepin.domain.qr_code import QRCode
from badgepin.domain.qr_code_pin import Pin, QRCodePinMethod
from badgepin.graph.body import Json
from badgepin.graph.json import NEVER, instant_text
from badgepin.services.badge import PrintedQRCode


def method_json(
    method: QRCodePinMethod, *, beta: bool, printed: PrintedQRCode | None = None, digits: str | None = None
) -> Json:
    """`qrCodePinAuthenticationMethod`, with codes and PIN inline."""
    answer: Json = {
        "@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethod",
        "id": method.id,
        "createdDateTime": instant_text(method.created_at),
    }
    if beta:
        answer["lastUsedDateTime"] = instant_text(method.last_used_at) if method.last_used_at else None
    standard, temporary = method.standard_qr_code, method.temporary_qr_code
    answer["standardQRCode"] = code_json(standard, printed) if standard else None
    answer["temporaryQRCode"] = code_json(temporary) if temporary else None
    answer["pin"] = pin_json(method.pin, digits)
    return answer


def code_json(code: QRCode, printed: PrintedQRCode | None = None) -> Json:
    """`qrCode`; its image is there only in the answer that made it."""
    return {
        "@odata.type": "#microsoft.graph.qrCode",
        "id": code.id,
        "createdDateTime": instant_text(code.created_at),
        "startDateTime": instant_text(code.start_at),
        "expireDateTime": instant_text(code.expire_at),
        "lastUsedDateTime": instant_text(code.last_used_at) if code.last_used_at else NEVER,
        "image": _image_json(printed) if printed else None,
    }


def _image_json(printed: PrintedQRCode) -> Json:
    return {
        "@odata.type": "#microsoft.graph.qrCodeImageDetails",
        "binaryValue": b64encode(printed.svg).decode(),
        "version": 1,
        "errorCorrectionLevel": printed.error_correction_level,
        "rawContent": b64encode(printed.text.encode()).decode(),
    }


def pin_json(pin: Pin, digits: str | None = None) -> Json:
    """`qrPin`; its digits are there only in the answer that issued them."""
    return {
        "@odata.type": "#microsoft.graph.qrPin",
        "id": pin.id,
        "code": digits,
        "forceChangePinNextSignIn": pin.must_change_at_next_sign_in,
        "createdDateTime": instant_text(pin.created_at),
        "updatedDateTime": instant_text(pin.updated_at),
    }
