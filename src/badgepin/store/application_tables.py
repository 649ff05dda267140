"""The tables of applications' credentials and grants, in the one schema of `tables.py`."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.tables import metadata


def _tenant() -> Column[str]:
    return Column("tenant_id", guid(), primary_key=True)


def _of_application() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "application_id"], ["applications.tenant_id", "applications.id"], ondelete="CASCADE"
    )


application_secrets = Table(
    "application_secrets",
    metadata,
    _tenant(),
    Column("key_id", guid(), primary_key=True),
    Column("application_id", guid(), nullable=False),
    Column("display_name", Text),
    # SHA-256 of 256 random bits: nothing to guess, so no slow hash (security design 6.2)
    Column("secret_digest", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    _of_application(),
    Index(None, "tenant_id", "application_id"),
)

application_keys = Table(
    "application_keys",
    metadata,
    _tenant(),
    Column("key_id", guid(), primary_key=True),
    Column("application_id", guid(), nullable=False),
    Column("display_name", Text),
    # "jwk" (JSON text) or "x509" (PEM): the public half with which an application signs its assertions
    Column("kind", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    _of_application(),
    Index(None, "tenant_id", "application_id"),
    CheckConstraint("kind IN ('jwk', 'x509')", name="kind"),
)

application_permissions = Table(
    "application_permissions",
    metadata,
    _tenant(),
    Column("application_id", guid(), primary_key=True),
    Column("permission", exact_text(), primary_key=True),
    Column("id", guid(), nullable=False),
    Column("created_at", Instant, nullable=False),
    _of_application(),
    Index(None, "tenant_id", "id", unique=True),
)

delegated_grants = Table(
    "delegated_grants",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    Column("application_id", guid(), nullable=False),
    # '' is everybody (consentType AllPrincipals)
    Column("user_id", exact_text(36), nullable=False, server_default=""),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    _of_application(),
    Index(None, "tenant_id", "application_id", "user_id", unique=True),
)

used_assertions = Table(
    "used_assertions",
    metadata,
    _tenant(),
    Column("application_id", guid(), primary_key=True),
    Column("jti_digest", LargeBinary, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    _of_application(),
    Index(None, "tenant_id", "expires_at"),
)
