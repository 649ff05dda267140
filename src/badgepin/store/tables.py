"""The schema, one place. Every primary, unique and foreign key begins with the tenant (docs/decisions/0008).

A partial index names its condition for SQLite only: named for PostgreSQL too, it would load that dialect's megabytes
into every node. The migrations, which make the tables, name both.
"""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, exact_text, guid

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _tenant() -> Column[str]:
    return Column("tenant_id", guid(), primary_key=True)


def _id(name: str = "id") -> Column[str]:
    return Column(name, guid(), primary_key=True)


def _name_key(name: str, *, nullable: bool = True) -> Column[str]:
    # a name as `domain/filter.py` folds it, so that it is found in any case of any script on both databases
    return Column(name, exact_text(), nullable=nullable, server_default=None if nullable else "")


def _refers(columns: list[str], target: str, target_columns: list[str]) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", *columns], [f"{target}.{column}" for column in ["tenant_id", *target_columns]], ondelete="CASCADE"
    )


tenants = Table(
    "tenants",
    metadata,
    _tenant(),
    Column("display_name", Text, nullable=False),
    Column("default_domain", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    _tenant(),
    _id(),
    Column("user_principal_name", Text, nullable=False),
    # the folded name decides who is who; the written one is what people see
    Column("user_principal_name_key", exact_text(), nullable=False),
    Column("display_name", Text, nullable=False),
    _name_key("display_name_key", nullable=False),
    Column("account_enabled", sa.Boolean, nullable=False),
    Column("user_type", Text, nullable=False),
    Column("given_name", Text),
    _name_key("given_name_key"),
    Column("surname", Text),
    _name_key("surname_key"),
    Column("mail", Text),
    Column("job_title", Text),
    Column("department", Text),
    Column("office_location", Text),
    Column("mobile_phone", Text),
    Column("business_phones", Text, nullable=False, server_default="[]"),
    Column("employee_id", Text),
    # another person; no foreign key, because both databases would empty the tenant with it
    Column("manager_id", guid()),
    # a bump ends every token issued before it
    Column("token_generation", sa.Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "user_principal_name_key", unique=True),
    Index(None, "tenant_id", "display_name_key", "id"),
    Index(
        "ix_users_tenant_id_manager_id",
        "tenant_id",
        "manager_id",
        sqlite_where=sa.text("manager_id IS NOT NULL"),
    ),
)

groups = Table(
    "groups",
    metadata,
    _tenant(),
    _id(),
    Column("display_name", Text, nullable=False),
    _name_key("display_name_key", nullable=False),
    Column("description", Text),
    Column("mail_nickname", Text),
    Column("is_assignable_to_role", sa.Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "display_name_key", "id"),
)

group_members = Table(
    "group_members",
    metadata,
    _tenant(),
    _id("group_id"),
    _id("member_id"),
    Column("member_kind", Text, nullable=False),
    _refers(["group_id"], "groups", ["id"]),
    # with the group in it: else SQLite takes the primary key, and looks through every membership of the tenant
    Index("ix_group_members_member", "tenant_id", "member_id", "group_id"),
    CheckConstraint("member_kind IN ('user', 'group')", name="member_kind"),
)

group_owners = Table(
    "group_owners",
    metadata,
    _tenant(),
    _id("group_id"),
    _id("user_id"),
    _refers(["group_id"], "groups", ["id"]),
    _refers(["user_id"], "users", ["id"]),
    Index("ix_group_owners_user", "tenant_id", "user_id", "group_id"),
)

administrative_units = Table(
    "administrative_units",
    metadata,
    _tenant(),
    _id(),
    Column("display_name", Text, nullable=False),
    _name_key("display_name_key", nullable=False),
    Column("description", Text),
    Column("is_member_management_restricted", sa.Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "display_name_key", "id"),
)

administrative_unit_members = Table(
    "administrative_unit_members",
    metadata,
    _tenant(),
    _id("administrative_unit_id"),
    _id("member_id"),
    Column("member_kind", Text, nullable=False),
    _refers(["administrative_unit_id"], "administrative_units", ["id"]),
    Index("ix_administrative_unit_members_member", "tenant_id", "member_id", "administrative_unit_id"),
    CheckConstraint("member_kind IN ('user', 'group')", name="member_kind"),
)

role_assignments = Table(
    "role_assignments",
    metadata,
    _tenant(),
    _id(),
    Column("principal_id", guid(), nullable=False),
    Column("role_definition_id", guid(), nullable=False),
    # '' is the whole tenant: a unique key needs a value, and NULL is not one
    Column("administrative_unit_id", exact_text(36), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(
        "ux_role_assignments_grant",
        "tenant_id",
        "principal_id",
        "role_definition_id",
        "administrative_unit_id",
        unique=True,
    ),
    Index(None, "tenant_id", "administrative_unit_id"),
)

applications = Table(
    "applications",
    metadata,
    _tenant(),
    _id(),
    Column("client_id", guid(), nullable=False),
    Column("service_principal_id", guid(), nullable=False),
    Column("display_name", Text, nullable=False),
    _name_key("display_name_key", nullable=False),
    Column("description", Text),
    Column("account_enabled", sa.Boolean, nullable=False),
    # addresses of confidential clients, of pages that run in a browser, and of programs on a device
    Column("redirect_uris", Text, nullable=False, server_default="[]"),
    Column("spa_redirect_uris", Text, nullable=False, server_default="[]"),
    Column("public_redirect_uris", Text, nullable=False, server_default="[]"),
    Column("backchannel_logout_uri", Text),
    Column("is_public_client", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("token_generation", sa.Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "client_id", unique=True),
    Index(None, "tenant_id", "service_principal_id", unique=True),
    Index(None, "tenant_id", "display_name_key", "id"),
)

method_policies = Table(
    "method_policies",
    metadata,
    _tenant(),
    Column("state", Text, nullable=False),
    Column("pin_length", sa.Integer, nullable=False),
    Column("standard_lifetime_days", sa.Integer, nullable=False),
    Column("include_targets", Text, nullable=False),
    Column("exclude_targets", Text, nullable=False),
    Column("registration_enforcement", Text),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
)

qr_code_pin_methods = Table(
    "qr_code_pin_methods",
    metadata,
    _tenant(),
    _id("user_id"),
    Column("id", guid(), nullable=False),
    Column("created_at", Instant, nullable=False),
    _refers(["user_id"], "users", ["id"]),
    Index(None, "tenant_id", "id", unique=True),
)

qr_codes = Table(
    "qr_codes",
    metadata,
    _tenant(),
    _id(),
    Column("user_id", guid(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("expire_at", Instant, nullable=False),
    Column("activated_at", Instant),
    Column("revoked_at", Instant),
    Column("revision", sa.Integer, nullable=False),
    Column("mac_key_id", Text, nullable=False),
    Column("row_mac", LargeBinary, nullable=False),
    # issued to take over from the standard code, and not used yet
    Column("is_replacement", sa.Boolean, nullable=False, server_default=sa.false()),
    _refers(["user_id"], "users", ["id"]),
    # at most one live code of a kind, and one to take over: two writers cannot both win
    Index(
        "ux_qr_codes_live",
        "tenant_id",
        "user_id",
        "kind",
        "is_replacement",
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
    ),
    Index(None, "tenant_id", "user_id"),
    CheckConstraint("kind IN ('standard', 'temporary')", name="kind"),
)

# apart from qr_codes: sign-ins share a lock on the code, and writing there would deadlock them (security design 5.1)
qr_uses = Table(
    "qr_uses",
    metadata,
    _tenant(),
    _id("qr_code_id"),
    Column("last_used_at", Instant, nullable=False),
    _refers(["qr_code_id"], "qr_codes", ["id"]),
)

pins = Table(
    "pins",
    metadata,
    _tenant(),
    _id("user_id"),
    Column("id", guid(), nullable=False),
    Column("version", sa.Integer, nullable=False),
    Column("length", sa.Integer, nullable=False),
    Column("memory_kib", sa.Integer, nullable=False),
    Column("iterations", sa.Integer, nullable=False),
    Column("parallelism", sa.Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("pepper_key_id", Text, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("must_change_at_next_sign_in", sa.Boolean, nullable=False),
    # a temporary PIN dies by itself; a chosen one does not
    Column("expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # the lifetime budget and its end: security design 4.2
    Column("life_failures", sa.Integer, nullable=False, server_default="0"),
    Column("disabled_at", Instant),
    _refers(["user_id"], "users", ["id"]),
    Index(None, "tenant_id", "id", unique=True),
)

pin_locks = Table(
    "pin_locks",
    metadata,
    _tenant(),
    _id("pin_id"),
    # '' is a check without a code, such as updatePin
    Column("qr_code_id", exact_text(36), primary_key=True),
    Column("failures", sa.Integer, nullable=False),
    Column("locked_until", Instant, nullable=False),
    _refers(["pin_id"], "pins", ["id"]),
)

pin_charges = Table(
    "pin_charges",
    metadata,
    _tenant(),
    _id(),
    Column("pin_id", guid(), nullable=False),
    Column("qr_code_id", exact_text(36), nullable=False),
    Column("proof_id", guid(), nullable=False),
    Column("charged_at", Instant, nullable=False),
    Column("cleared_at", Instant),
    _refers(["pin_id"], "pins", ["id"]),
    Index(None, "tenant_id", "pin_id", "charged_at"),
    Index(None, "tenant_id", "proof_id"),
)

audit_events = Table(
    "audit_events",
    metadata,
    _tenant(),
    _id(),
    Column("occurred_at", Instant, nullable=False),
    Column("activity", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("result_reason", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("target_kind", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    # what changed and under which details, as JSON; no personal data
    Column("facts", Text, nullable=False),
    # names and addresses as JSON, apart and salted, so that they can be erased while the record stays whole
    Column("personal", Text),
    Column("personal_salt", LargeBinary),
    Column("personal_digest", LargeBinary, nullable=False),
    # what a refused worker read on the screen
    Column("handle", exact_text()),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "occurred_at", "id"),
    Index(None, "tenant_id", "category", "occurred_at", "id"),
    Index(None, "tenant_id", "target_id", "occurred_at"),
    Index(
        None,
        "tenant_id",
        "handle",
        sqlite_where=sa.text("handle IS NOT NULL"),
    ),
)
