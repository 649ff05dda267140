"""Rows of applications and their credentials."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from badgepin.domain.application import Application, ApplicationKey, ApplicationSecret
from badgepin.domain.filter import fold
from badgepin.domain.query import Page, Query
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.store import listing
from badgepin.store.application_tables import application_keys, application_secrets
from badgepin.store.listing import Listing
from badgepin.store.lock import Lock, locked
from badgepin.store.revocation import foretell
from badgepin.store.tables import applications, role_assignments
from badgepin.store.transaction import Transaction

_row = applications.c
_uris = msgspec.json.Decoder(tuple[str, ...]).decode
_FIELDS = {column.name: column for column in applications.c} | {"display_name": _row.display_name_key}
_INDEXED = frozenset({"display_name", "client_id"})
_LISTING = Listing(applications, tuple(applications.c), _FIELDS, _row.id, indexed=_INDEXED)
# an application as principal goes by another id
_PRINCIPALS = Listing(
    applications,
    tuple(applications.c),
    _FIELDS | {"id": _row.service_principal_id},
    _row.service_principal_id,
    indexed=_INDEXED,
)


def find(tx: Transaction, tenant_id: str, named: str, *, lock: Lock = Lock.NONE) -> Application | None:
    """An application by its object id, client id or service principal id."""
    statement = sa.select(applications).where(
        _row.tenant_id == tenant_id,
        sa.or_(_row.id == named, _row.client_id == named, _row.service_principal_id == named),
    )
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else _read(row)


def list_page(
    tx: Transaction, tenant_id: str, query: Query, *, by_service_principal: bool = False
) -> Page[Application]:
    """A page of applications, or of them as principals."""
    which = _PRINCIPALS if by_service_principal else _LISTING
    return listing.list_page(tx, which, _row.tenant_id == tenant_id, query, _read)


def count(tx: Transaction, tenant_id: str, query: Query) -> int:
    """How many applications match."""
    return listing.count(tx, _LISTING, _row.tenant_id == tenant_id, query)


def insert(tx: Transaction, tenant_id: str, application: Application) -> None:
    """Add an application."""
    tx.execute(sa.insert(applications).values(tenant_id=tenant_id, **_values(application)))


def update(tx: Transaction, tenant_id: str, application: Application) -> None:
    """Save an application."""
    if not application.account_enabled:
        foretell(tx, Revocation(RevocationKind.APPLICATION, tenant_id, application.id))
    tx.execute(sa.update(applications).where(_is(tenant_id, application.id)).values(_values(application)))


def end_tokens(tx: Transaction, tenant_id: str, application_id: str) -> None:
    """Make every token issued to an application, or to people through it, worthless."""
    tx.execute(
        sa.update(applications).where(_is(tenant_id, application_id)).values(token_generation=_row.token_generation + 1)
    )


def token_generation(tx: Transaction, tenant_id: str, application_id: str) -> int:
    """The generation that an application's tokens must carry."""
    return int(tx.execute(sa.select(_row.token_generation).where(_is(tenant_id, application_id))).scalar_one())


def delete(tx: Transaction, tenant_id: str, application: Application) -> bool:
    """Remove an application with credentials, permissions and roles. Returns whether it was there."""
    foretell(tx, Revocation(RevocationKind.APPLICATION, tenant_id, application.id))
    # the application first, as with people: a role given meanwhile is seen only afterwards
    gone = tx.execute(sa.delete(applications).where(_is(tenant_id, application.id))).rowcount == 1
    assigned = role_assignments.c
    tx.execute(
        sa.delete(role_assignments).where(
            assigned.tenant_id == tenant_id, assigned.principal_id == application.service_principal_id
        )
    )
    return gone


def insert_secret(tx: Transaction, tenant_id: str, application_id: str, secret: ApplicationSecret) -> None:
    """Keep a secret's digest."""
    tx.execute(
        sa.insert(application_secrets).values(
            tenant_id=tenant_id,
            application_id=application_id,
            key_id=secret.key_id,
            display_name=secret.display_name,
            secret_digest=secret.digest,
            hint=secret.hint,
            start_at=secret.start_at,
            end_at=secret.end_at,
        )
    )


def secrets_of(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> defaultdict[str, list[ApplicationSecret]]:
    """The secrets of applications by their ids, the oldest first."""
    kept = application_secrets.c
    rows = tx.execute(
        sa.select(application_secrets)
        .where(kept.tenant_id == tenant_id, kept.application_id.in_(ids))
        .order_by(kept.start_at, kept.key_id)
    )
    found: defaultdict[str, list[ApplicationSecret]] = defaultdict(list)
    for row in rows:
        found[row.application_id].append(
            ApplicationSecret(row.key_id, row.secret_digest, row.hint, row.start_at, row.end_at, row.display_name)
        )
    return found


def list_secrets(tx: Transaction, tenant_id: str, application_id: str) -> list[ApplicationSecret]:
    """An application's secrets, the oldest first."""
    return secrets_of(tx, tenant_id, [application_id])[application_id]


def delete_secret(tx: Transaction, tenant_id: str, application_id: str, key_id: str) -> bool:
    """Forget a secret. Returns whether it was there."""
    foretell(tx, Revocation(RevocationKind.CREDENTIAL, tenant_id, key_id))
    kept = application_secrets.c
    statement = sa.delete(application_secrets).where(
        kept.tenant_id == tenant_id, kept.application_id == application_id, kept.key_id == key_id
    )
    return tx.execute(statement).rowcount == 1


def insert_key(tx: Transaction, tenant_id: str, application_id: str, key: ApplicationKey) -> None:
    """Keep a public key."""
    tx.execute(
        sa.insert(application_keys).values(
            tenant_id=tenant_id,
            application_id=application_id,
            key_id=key.key_id,
            display_name=key.display_name,
            kind=key.kind,
            public_key=key.public_key,
            start_at=key.start_at,
            end_at=key.end_at,
        )
    )


def keys_of(tx: Transaction, tenant_id: str, ids: Sequence[str]) -> defaultdict[str, list[ApplicationKey]]:
    """The public keys of applications by their ids, the oldest first."""
    kept = application_keys.c
    rows = tx.execute(
        sa.select(application_keys)
        .where(kept.tenant_id == tenant_id, kept.application_id.in_(ids))
        .order_by(kept.start_at, kept.key_id)
    )
    found: defaultdict[str, list[ApplicationKey]] = defaultdict(list)
    for row in rows:
        found[row.application_id].append(
            ApplicationKey(row.key_id, row.kind, row.public_key, row.start_at, row.end_at, row.display_name)
        )
    return found


def list_keys(tx: Transaction, tenant_id: str, application_id: str) -> list[ApplicationKey]:
    """An application's public keys, the oldest first."""
    return keys_of(tx, tenant_id, [application_id])[application_id]


def delete_key(tx: Transaction, tenant_id: str, application_id: str, key_id: str) -> bool:
    """Forget a public key. Returns whether it was there."""
    foretell(tx, Revocation(RevocationKind.CREDENTIAL, tenant_id, key_id))
    kept = application_keys.c
    statement = sa.delete(application_keys).where(
        kept.tenant_id == tenant_id, kept.application_id == application_id, kept.key_id == key_id
    )
    return tx.execute(statement).rowcount == 1


def _is(tenant_id: str, application_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_row.tenant_id == tenant_id, _row.id == application_id)


def _values(application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "client_id": application.client_id,
        "service_principal_id": application.service_principal_id,
        "display_name": application.display_name,
        "display_name_key": fold(application.display_name),
        "description": application.description,
        "account_enabled": application.account_enabled,
        "redirect_uris": msgspec.json.encode(application.redirect_uris).decode(),
        "spa_redirect_uris": msgspec.json.encode(application.spa_redirect_uris).decode(),
        "public_redirect_uris": msgspec.json.encode(application.public_redirect_uris).decode(),
        "backchannel_logout_uri": application.backchannel_logout_uri,
        "is_public_client": application.is_public_client,
        "created_at": application.created_at,
    }


def _read(row: Any) -> Application:  # noqa: ANN401 - a row of the table
    return Application(
        row.id,
        row.client_id,
        row.service_principal_id,
        row.display_name,
        row.created_at,
        row.description,
        row.account_enabled,
        _uris(row.redirect_uris),
        _uris(row.spa_redirect_uris),
        _uris(row.public_redirect_uris),
        row.backchannel_logout_uri,
        row.is_public_client,
    )
