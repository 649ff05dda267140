"""The verbs on applications and their credentials. Whatever is taken away ends the tokens issued before."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from badgepin.crypto.client_assertion import RegisteredKey, UnusableKey, read_certificate, read_jwk_text
from badgepin.crypto.randomness import new_client_secret, new_guid
from badgepin.domain.application import Application, ApplicationKey, ApplicationSecret
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import InvalidValue, NotFound, Reason
from badgepin.domain.query import Page, Query
from badgepin.services.standing import require
from badgepin.store import application as store
from badgepin.store import audit
from badgepin.store.lock import Lock
from badgepin.store.transaction import Transaction

_YEARS_TWO = timedelta(days=730)
_HINT = 3


@dataclass(frozen=True)
class ApplicationView:
    """An application with its credentials."""

    application: Application
    secrets: tuple[ApplicationSecret, ...] = ()
    keys: tuple[ApplicationKey, ...] = ()


@dataclass(frozen=True)
class NewSecret:
    """A secret just made; its text is shown once."""

    secret: ApplicationSecret
    text: str = field(repr=False)


def get_application(tx: Transaction, call: Call, named: str) -> ApplicationView:
    """An application by object id, client id or service principal id. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    return _view(tx, call, find_application(tx, call, named))


def find_application(tx: Transaction, call: Call, named: str, *, lock: Lock = Lock.NONE) -> Application:
    """An application, for a caller already let in. Raises `NotFound`."""
    application = store.find(tx, call.tenant_id, named.lower(), lock=lock)
    if application is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=named)
    return application


def list_applications(tx: Transaction, call: Call, query: Query) -> Page[ApplicationView]:
    """A page of applications with their credentials."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    found = store.list_page(tx, call.tenant_id, query)
    ids = [application.id for application in found.items]
    secrets, keys = store.secrets_of(tx, call.tenant_id, ids), store.keys_of(tx, call.tenant_id, ids)
    views = [ApplicationView(each, tuple(secrets[each.id]), tuple(keys[each.id])) for each in found.items]
    return Page(views, found.after, found.count)


def list_principals(tx: Transaction, call: Call, query: Query) -> Page[Application]:
    """A page of applications as principals of the tenant."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    return store.list_page(tx, call.tenant_id, query, by_service_principal=True)


def count_applications(tx: Transaction, call: Call, query: Query) -> int:
    """How many applications match."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    return store.count(tx, call.tenant_id, query)


def create_application(tx: Transaction, call: Call, wanted: Callable[[], Application]) -> Application:
    """Add an application, and itself as a principal of the tenant. Raises `InvalidValue`."""
    standing = require(tx, call, DirectoryAction.WRITE_APPLICATIONS)
    application = wanted()
    store.insert(tx, call.tenant_id, application)
    _record(tx, call, standing, application, Activity.ADD_APPLICATION, Operation.ADD)
    return application


def update_application(
    tx: Transaction, call: Call, named: str, changed: Callable[[Application], Application]
) -> Application:
    """Change an application; disabling it ends its tokens. Raises `NotFound`, `InvalidValue`."""
    standing, old = _writable(tx, call, named)
    new = changed(old)
    store.update(tx, call.tenant_id, new)
    if old.account_enabled and not new.account_enabled:
        store.end_tokens(tx, call.tenant_id, new.id)
    _record(tx, call, standing, new, Activity.UPDATE_APPLICATION, Operation.UPDATE)
    return new


def delete_application(tx: Transaction, call: Call, named: str) -> None:
    """Remove an application with its credentials and permissions. Raises `NotFound`."""
    standing, application = _writable(tx, call, named)
    if not store.delete(tx, call.tenant_id, application):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=named)
    _record(tx, call, standing, application, Activity.DELETE_APPLICATION, Operation.DELETE)


@dataclass(frozen=True)
class WantedCredential:
    """What a client asks for; times default to now and two years from then."""

    display_name: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


def add_secret(tx: Transaction, call: Call, named: str, wanted: Callable[[], WantedCredential]) -> NewSecret:
    """A new client secret of 256 random bits; only its digest is kept. Raises `NotFound`, `InvalidValue`."""
    standing, application = _writable(tx, call, named)
    start, end, name = _validity(call, wanted())
    text = new_client_secret()
    secret = ApplicationSecret(new_guid(), digest_of(text), text[:_HINT], start, end, name)
    store.insert_secret(tx, call.tenant_id, application.id, secret)
    _record_credential(tx, call, standing, application, ("SecretAdded", secret.key_id))
    return NewSecret(secret, text)


def remove_secret(tx: Transaction, call: Call, named: str, key_id: Callable[[], str]) -> None:
    """Forget a secret; tokens issued before end. Raises `NotFound`."""
    standing, application = _writable(tx, call, named)
    wanted = key_id().lower()
    if not store.delete_secret(tx, call.tenant_id, application.id, wanted):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=wanted)
    store.end_tokens(tx, call.tenant_id, application.id)
    _record_credential(tx, call, standing, application, ("SecretRemoved", wanted))


def add_key(
    tx: Transaction, call: Call, named: str, kind: str, public_key: str, wanted: WantedCredential
) -> ApplicationKey:
    """Register a certificate (`x509`) or JWK (`jwk`). Raises `NotFound`, `InvalidValue`."""
    standing, application = _writable(tx, call, named)
    key = _key(call, kind, public_key, wanted)
    store.insert_key(tx, call.tenant_id, application.id, key)
    _record_credential(tx, call, standing, application, ("KeyAdded", key.key_id))
    return key


def remove_key(tx: Transaction, call: Call, named: str, key_id: str) -> None:
    """Forget a public key; tokens issued before end. Raises `NotFound`."""
    standing, application = _writable(tx, call, named)
    if not store.delete_key(tx, call.tenant_id, application.id, key_id.lower()):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=key_id)
    store.end_tokens(tx, call.tenant_id, application.id)
    _record_credential(tx, call, standing, application, ("KeyRemoved", key_id.lower()))


def replace_keys(
    tx: Transaction, call: Call, named: str, wanted: Callable[[], list[tuple[str, WantedCredential]] | None]
) -> None:
    """Make these certificates the application's only ones, as a PATCH of `keyCredentials` does; None changes nothing.

    A certificate that is registered already keeps its id. Raises `NotFound`, `InvalidValue`.
    """
    asked = wanted()
    if asked is None:
        return
    standing, application = _writable(tx, call, named)
    old = {key.public_key: key for key in store.list_keys(tx, call.tenant_id, application.id)}
    new = [_key(call, "x509", text, credential) for text, credential in asked if text not in old]
    gone = [key for text, key in old.items() if text not in {text for text, _ in asked} and key.kind == "x509"]
    for key in gone:
        store.delete_key(tx, call.tenant_id, application.id, key.key_id)
    for key in new:
        store.insert_key(tx, call.tenant_id, application.id, key)
    if gone:
        store.end_tokens(tx, call.tenant_id, application.id)
    details = [("KeyRemoved", key.key_id) for key in gone] + [("KeyAdded", key.key_id) for key in new]
    if details:
        _record_credential(tx, call, standing, application, *details)


def digest_of(secret: str) -> bytes:
    """What is kept of a client secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def read_key(key: ApplicationKey) -> RegisteredKey:
    """A kept key, ready to verify with. Raises `UnusableKey`."""
    if key.kind == "x509":
        return read_certificate(key.public_key, key.key_id)
    return read_jwk_text(key.public_key, key.key_id)


def _key(call: Call, kind: str, public_key: str, wanted: WantedCredential) -> ApplicationKey:
    start, end, name = _validity(call, wanted)
    key = ApplicationKey(new_guid(), kind, public_key, start, end, name)
    try:
        read_key(key)
    except UnusableKey as error:
        raise InvalidValue(Reason.VALUE_INVALID, message=str(error)) from error
    return key


def _validity(call: Call, wanted: WantedCredential) -> tuple[datetime, datetime, str | None]:
    start = wanted.start_at or call.now.replace(microsecond=0)
    try:
        end = wanted.end_at or start + _YEARS_TWO
    except OverflowError:
        raise InvalidValue(Reason.VALUE_INVALID, message="startDateTime is too far in the future.") from None
    if end <= start:
        raise InvalidValue(Reason.VALUE_INVALID, message="endDateTime must be later than startDateTime.")
    return start, end, wanted.display_name


def _view(tx: Transaction, call: Call, application: Application) -> ApplicationView:
    secrets = store.list_secrets(tx, call.tenant_id, application.id)
    keys = store.list_keys(tx, call.tenant_id, application.id)
    return ApplicationView(application, tuple(secrets), tuple(keys))


def _writable(tx: Transaction, call: Call, named: str) -> tuple[Standing, Application]:
    standing = require(tx, call, DirectoryAction.WRITE_APPLICATIONS)
    return standing, find_application(tx, call, named, lock=Lock.CHANGE)


def _record_credential(
    tx: Transaction, call: Call, standing: Standing, application: Application, *details: tuple[str, str]
) -> None:
    _record(tx, call, standing, application, Activity.UPDATE_CREDENTIALS, Operation.UPDATE, *details)


def _record(
    tx: Transaction,
    call: Call,
    standing: Standing,
    application: Application,
    activity: Activity,
    operation: Operation,
    *details: tuple[str, str],
) -> None:
    event = AuditEvent(
        activity=activity,
        category=Category.APPLICATION_MANAGEMENT,
        operation=operation,
        target_kind="Application",
        target_id=application.id,
        target_name=application.display_name,
        details=(("AppId", application.client_id), *details),
    )
    audit.append(tx, call, standing, event)
