"""The ceremonies at the door of the desk: inviting somebody in, signing in, proving again, leaving.

options (a challenge for this browser and this purpose) ──▶ the authenticator signs ──▶ the answer, once, within 120 s
"""

import hashlib
from collections.abc import Sequence

from badgepin.crypto.challenge import Context, is_challenge_good, new_challenge
from badgepin.crypto.passkey import (
    Holder,
    Json,
    Presented,
    creation_options,
    read_presented,
    request_options,
    site_of,
    verify_new,
)
from badgepin.domain.desk import DeskDenial, DeskSession
from badgepin.domain.errors import Conflict
from badgepin.portal.step import Step, StepAnswer
from badgepin.portal.words import sentence
from badgepin.services import desk_session, invitation
from badgepin.services.attempt import new_handle
from badgepin.services.desk_session import AtDesk, TurnedAway, Unproven
from badgepin.web.installation import Installation
from badgepin.web.refusal_log import EarlyRefusal

_SENTENCES = {
    DeskDenial.ACCOUNT_DISABLED: "deskAccountDisabled",
    DeskDenial.NO_DESK_ROLE: "deskNoRole",
    DeskDenial.PASSKEY_COPIED: "deskPasskeyCopied",
}


async def invitation_options(installation: Installation, step: Step) -> StepAnswer:
    """Whom the link is for, and what their authenticator is asked."""
    secret = step.text("secret", 64)
    found = await installation.database.read(lambda tx: invitation.find_registration(tx, step.attempt, secret))
    if found is None:
        return refuse(installation, step, "invitation used, old or unknown", "deskInvitationOver")
    person = found.person
    options = creation_options(
        site_of(installation.settings.base_url),
        installation.settings.brand_name or step.tenant.display_name,
        Holder(person.id, person.user_principal_name, person.display_name),
        _challenge(installation, step, _registering(step, secret)),
        found.known,
    )
    return StepAnswer(200, {"person": person.display_name, "options": options})


async def register(installation: Installation, step: Step) -> StepAnswer:
    """Keep the passkey that was made; the invitation is used up in the same transaction."""
    secret, presented = step.text("secret", 64), _presented(step)
    if presented is None or not _is_ours(installation, step, presented, _registering(step, secret)):
        return refuse(installation, step, "passkey answered too late, or on another page", "deskTooLong")
    key = verify_new(site_of(installation.settings.base_url), presented)
    if key is None:
        return refuse(installation, step, "passkey's registration wrong", "deskRefused")
    digest, label = _digest(presented), step.text("label", 256)
    try:
        made = await installation.database.write(
            lambda tx: invitation.register(tx, step.attempt, secret, key, digest, label)
        )
    except Conflict:
        return refuse(installation, step, "passkey known already", "deskRefused")
    if made is None:
        return refuse(installation, step, "invitation used, old or unknown", "deskInvitationOver")
    return StepAnswer(200, {"next": f"/{step.tenant.id}/desk/sign-in"})


async def sign_in_options(installation: Installation, step: Step) -> StepAnswer:
    """What an authenticator is asked before anybody said who they are."""
    return StepAnswer(200, {"options": _request(installation, step, _signing_in(step))})


async def sign_in(installation: Installation, step: Step, old_cookie: str | None) -> StepAnswer:
    """Open a session under a new id, or say no."""
    presented = _presented(step)
    if presented is None or not _is_ours(installation, step, presented, _signing_in(step)):
        return refuse(installation, step, "passkey answered too late, or on another page", "deskTooLong")
    site, rules = site_of(installation.settings.base_url), installation.desk_rules
    outcome = await installation.database.write(
        lambda tx: desk_session.sign_in(tx, step.attempt, site, presented, rules, old_cookie)
    )
    if isinstance(outcome, AtDesk):
        answer: Json = {"next": f"/{step.tenant.id}/desk", "expires_at": outcome.expires_at.isoformat()}
        return StepAnswer(200, answer, session=outcome.secret)
    return _refused(installation, step, outcome)


async def step_up_options(installation: Installation, step: Step, session: DeskSession) -> StepAnswer:
    """What the authenticators of the person at the desk are asked."""
    allowed = await installation.database.read(
        lambda tx: desk_session.credentials_of(tx, step.tenant.id, session.person.id)
    )
    return StepAnswer(200, {"options": _request(installation, step, _proving(step, session), allowed)})


async def step_up(installation: Installation, step: Step, session: DeskSession) -> StepAnswer:
    """Note that it is still the same person."""
    presented = _presented(step)
    if presented is None or not _is_ours(installation, step, presented, _proving(step, session)):
        return refuse(installation, step, "passkey answered too late, or on another page", "deskTooLong")
    site = site_of(installation.settings.base_url)
    outcome = await installation.database.write(
        lambda tx: desk_session.prove_again(tx, step.attempt, site, presented, session)
    )
    if outcome is None:
        return StepAnswer(200, {"proven_at": step.attempt.now.isoformat()})
    return _refused(installation, step, outcome)


def refuse(installation: Installation, step: Step, cause: str, key: str) -> StepAnswer:
    """A refusal before anything is proven: `cause` is for the server's log, `key` names the sentence people read."""
    handle = new_handle()
    installation.refusals.note(EarlyRefusal(handle, step.attempt.now, cause, step.attempt.ip_address))
    return _answer(step, key, handle)


def _refused(installation: Installation, step: Step, outcome: Unproven | TurnedAway) -> StepAnswer:
    if isinstance(outcome, TurnedAway):
        return _answer(step, _SENTENCES[outcome.denial], outcome.handle)
    return refuse(installation, step, outcome.cause, "deskRefused")


def _answer(step: Step, key: str, handle: str) -> StepAnswer:
    return StepAnswer(403, {"error": {"code": key, "message": sentence(step.language, key), "handle": handle}})


def _presented(step: Step) -> Presented | None:
    return read_presented(step.body.get("credential"))


def _challenge(installation: Installation, step: Step, purpose: str) -> str:
    return new_challenge(
        installation.keys, Context(step.browser, purpose), epoch=installation.epoch.number, now=step.attempt.now
    )


def _request(installation: Installation, step: Step, purpose: str, allowed: Sequence[bytes] = ()) -> Json:
    return request_options(site_of(installation.settings.base_url), _challenge(installation, step, purpose), allowed)


def _is_ours(installation: Installation, step: Step, presented: Presented, purpose: str) -> bool:
    context = Context(step.browser, purpose)
    return is_challenge_good(
        installation.keys, presented.challenge, context, epoch=installation.epoch.number, now=step.attempt.now
    )


def _digest(presented: Presented) -> bytes:
    return hashlib.sha256(presented.challenge.encode()).digest()


# what a challenge is good for; never the text of a sealed request, so it is good for no badge either
def _registering(step: Step, secret: str) -> str:
    return f"desk/register|{step.tenant.id}|{invitation.digest_of(secret).hex()}"


def _signing_in(step: Step) -> str:
    return f"desk/sign-in|{step.tenant.id}"


def _proving(step: Step, session: DeskSession) -> str:
    return f"desk/step-up|{step.tenant.id}|{session.id}"
