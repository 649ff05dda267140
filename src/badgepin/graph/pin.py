"""The PIN on the wire: reset by an administrator, change by its owner (graph-contract 6.7, 6.8)."""

from badgepin.crypto.pin_hash import PinRow
from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.pin import check_chosen_pin, check_pin
from badgepin.domain.qr_code_pin import MethodLimits, Person
from badgepin.graph.body import invalid, text
from badgepin.graph.qr_code_pin import created_status
from badgepin.graph.qr_code_pin_json import pin_json
from badgepin.graph.request import NO_CONTENT, GraphRequest, GraphResponse
from badgepin.services import pin as services
from badgepin.services.pin import Incorrect, Locked

_LONGEST_PIN_TEXT = 64


async def reset_pin(request: GraphRequest) -> GraphResponse:
    """PATCH gives a generated temporary PIN: 201 with its digits, once. A `code` in the body is ignored."""
    installation = request.installation
    new = await installation.database.read(
        lambda tx: services.check_reset(tx, request.call, request.user, request.body)
    )
    async with installation.hasher.slot() as slot:
        hashed = await slot.hash(new.digits, PinRow(new.person.id, new.pin_id, new.version))
    days = installation.settings.temporary_pin_days
    admitted = await installation.database.write(lambda tx: services.reset_pin(tx, request.call, new, hashed, days))
    fragment = f"users('{new.person.id}')/authentication/qrCodePinMethod/pin/$entity"
    answer = {"@odata.context": request.context(fragment)} | pin_json(admitted.method.pin, new.digits)
    return request.answer(answer, status=created_status(request), headers={"cache-control": "no-store"})


async def update_pin(request: GraphRequest) -> GraphResponse:
    """PATCH or POST changes the PIN of who knows the current one: 204.

    The slot is taken first, so that a busy server charges nothing; the guess is charged and committed before
    it is checked.
    """
    installation, rules = request.installation, request.installation.lockout_rules
    async with installation.hasher.slot() as slot:
        charged = await installation.database.write(
            lambda tx: services.charge_change(
                tx, request.call, request.user, lambda limits, person: _new_digits(request, limits, person), rules
            )
        )
        if isinstance(charged, Locked):
            raise InvalidValue(Reason.PIN_LOCKED)
        row = PinRow(charged.new.person.id, charged.guess.kept.id, charged.guess.kept.version)
        hashed = None
        if await slot.is_pin(_current_digits(request), charged.guess.kept.hashed, row):
            row = PinRow(charged.new.person.id, charged.new.pin_id, charged.new.version)
            hashed = await slot.hash(charged.new.digits, row)
    outcome = await installation.database.write(
        lambda tx: services.finish_change(tx, request.call, charged, hashed, rules)
    )
    if isinstance(outcome, Incorrect):
        raise InvalidValue(Reason.PIN_INCORRECT)
    return NO_CONTENT


def _new_digits(request: GraphRequest, limits: MethodLimits, person: Person) -> str:
    current, new = _current_digits(request), text(request.body(), "newPin", longest=_LONGEST_PIN_TEXT)
    if not new:
        raise invalid("'newPin' is required.")
    check_pin(new, minimum=limits.pin_length, strict=request.strict)
    if not request.strict:
        check_chosen_pin(new, known=(current, person.user_principal_name))
    return new


def _current_digits(request: GraphRequest) -> str:
    current = text(request.body(), "currentPin", longest=_LONGEST_PIN_TEXT)
    if not current:
        raise invalid("'currentPin' is required.")
    return current
