"""The first schema: tenants, directory, applications, policy, the method, PINs and the audit log."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, exact_text, guid

revision = "2026_11_23_first_schema"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("default_domain", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
    )
    op.create_table(
        "administrative_units",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_member_management_restricted", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_administrative_units_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_administrative_units"),
    )
    op.create_table(
        "applications",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("client_id", guid(), nullable=False),
        sa.Column("service_principal_id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("account_enabled", sa.Boolean(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), server_default="[]", nullable=False),
        sa.Column("token_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_applications_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_applications"),
    )
    op.create_index("ix_applications_tenant_id_client_id", "applications", ["tenant_id", "client_id"], unique=True)
    op.create_index(
        "ix_applications_tenant_id_service_principal_id",
        "applications",
        ["tenant_id", "service_principal_id"],
        unique=True,
    )

    op.create_table(
        "audit_events",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("result_reason", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.Column("personal_salt", sa.LargeBinary(), nullable=True),
        sa.Column("personal_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_audit_events_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_audit_events"),
    )
    op.create_index(
        "ix_audit_events_tenant_id_occurred_at_id", "audit_events", ["tenant_id", "occurred_at", "id"], unique=False
    )

    op.create_table(
        "groups",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("mail_nickname", sa.Text(), nullable=True),
        sa.Column("is_assignable_to_role", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_groups_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_groups"),
    )
    op.create_table(
        "method_policies",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pin_length", sa.Integer(), nullable=False),
        sa.Column("standard_lifetime_days", sa.Integer(), nullable=False),
        sa.Column("include_targets", sa.Text(), nullable=False),
        sa.Column("exclude_targets", sa.Text(), nullable=False),
        sa.Column("registration_enforcement", sa.Text(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_method_policies_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_method_policies"),
    )
    op.create_table(
        "role_assignments",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("principal_id", guid(), nullable=False),
        sa.Column("role_definition_id", guid(), nullable=False),
        sa.Column("administrative_unit_id", guid(), server_default="", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_role_assignments_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_role_assignments"),
    )
    op.create_index(
        "ix_role_assignments_tenant_id_administrative_unit_id",
        "role_assignments",
        ["tenant_id", "administrative_unit_id"],
        unique=False,
    )
    op.create_index(
        "ux_role_assignments_grant",
        "role_assignments",
        ["tenant_id", "principal_id", "role_definition_id", "administrative_unit_id"],
        unique=True,
    )

    op.create_table(
        "users",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("user_principal_name", sa.Text(), nullable=False),
        sa.Column("user_principal_name_key", exact_text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("account_enabled", sa.Boolean(), nullable=False),
        sa.Column("user_type", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("surname", sa.Text(), nullable=True),
        sa.Column("mail", sa.Text(), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("office_location", sa.Text(), nullable=True),
        sa.Column("mobile_phone", sa.Text(), nullable=True),
        sa.Column("business_phones", sa.Text(), server_default="[]", nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=True),
        sa.Column("token_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_users_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_users"),
    )
    op.create_index(
        "ix_users_tenant_id_user_principal_name_key", "users", ["tenant_id", "user_principal_name_key"], unique=True
    )

    op.create_table(
        "administrative_unit_members",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("administrative_unit_id", guid(), nullable=False),
        sa.Column("member_id", guid(), nullable=False),
        sa.Column("member_kind", sa.Text(), nullable=False),
        sa.CheckConstraint("member_kind IN ('user', 'group')", name="ck_administrative_unit_members_member_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "administrative_unit_id"],
            ["administrative_units.tenant_id", "administrative_units.id"],
            name="fk_administrative_unit_members_tenant_id_administrative_unit_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "administrative_unit_id", "member_id", name="pk_administrative_unit_members"
        ),
    )
    op.create_index(
        "ix_administrative_unit_members_tenant_id_member_id",
        "administrative_unit_members",
        ["tenant_id", "member_id"],
        unique=False,
    )

    op.create_table(
        "application_keys",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("key_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('jwk', 'x509')", name="ck_application_keys_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_application_keys_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name="pk_application_keys"),
    )
    op.create_index(
        "ix_application_keys_tenant_id_application_id",
        "application_keys",
        ["tenant_id", "application_id"],
        unique=False,
    )

    op.create_table(
        "application_permissions",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("permission", exact_text(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_application_permissions_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "application_id", "permission", name="pk_application_permissions"),
    )
    op.create_index(
        "ix_application_permissions_tenant_id_id", "application_permissions", ["tenant_id", "id"], unique=True
    )

    op.create_table(
        "application_secrets",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("key_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_application_secrets_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name="pk_application_secrets"),
    )
    op.create_index(
        "ix_application_secrets_tenant_id_application_id",
        "application_secrets",
        ["tenant_id", "application_id"],
        unique=False,
    )

    op.create_table(
        "delegated_grants",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("user_id", guid(), server_default="", nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_delegated_grants_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_delegated_grants"),
    )
    op.create_index(
        "ix_delegated_grants_tenant_id_application_id_user_id",
        "delegated_grants",
        ["tenant_id", "application_id", "user_id"],
        unique=True,
    )

    op.create_table(
        "group_members",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("group_id", guid(), nullable=False),
        sa.Column("member_id", guid(), nullable=False),
        sa.Column("member_kind", sa.Text(), nullable=False),
        sa.CheckConstraint("member_kind IN ('user', 'group')", name="ck_group_members_member_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["groups.tenant_id", "groups.id"],
            name="fk_group_members_tenant_id_group_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "member_id", name="pk_group_members"),
    )
    op.create_index("ix_group_members_tenant_id_member_id", "group_members", ["tenant_id", "member_id"], unique=False)

    op.create_table(
        "group_owners",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("group_id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["groups.tenant_id", "groups.id"],
            name="fk_group_owners_tenant_id_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_group_owners_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "user_id", name="pk_group_owners"),
    )
    op.create_index("ix_group_owners_tenant_id_user_id", "group_owners", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "pins",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("parallelism", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("pepper_key_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("must_change_at_next_sign_in", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("life_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_pins_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_pins"),
    )
    op.create_index("ix_pins_tenant_id_id", "pins", ["tenant_id", "id"], unique=True)

    op.create_table(
        "qr_code_pin_methods",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_qr_code_pin_methods_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_qr_code_pin_methods"),
    )
    op.create_index("ix_qr_code_pin_methods_tenant_id_id", "qr_code_pin_methods", ["tenant_id", "id"], unique=True)

    op.create_table(
        "qr_codes",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("expire_at", Instant(), nullable=False),
        sa.Column("activated_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mac_key_id", sa.Text(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('standard', 'temporary')", name="ck_qr_codes_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_qr_codes_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_qr_codes"),
    )
    op.create_index("ix_qr_codes_tenant_id_user_id", "qr_codes", ["tenant_id", "user_id"], unique=False)
    op.create_index(
        "ux_qr_codes_live",
        "qr_codes",
        ["tenant_id", "user_id", "kind"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )

    op.create_table(
        "used_assertions",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("jti_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_used_assertions_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "application_id", "jti_digest", name="pk_used_assertions"),
    )
    op.create_index(
        "ix_used_assertions_tenant_id_expires_at", "used_assertions", ["tenant_id", "expires_at"], unique=False
    )

    op.create_table(
        "pin_charges",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("pin_id", guid(), nullable=False),
        sa.Column("qr_code_id", guid(), nullable=False),
        sa.Column("proof_id", guid(), nullable=False),
        sa.Column("charged_at", Instant(), nullable=False),
        sa.Column("cleared_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pin_id"],
            ["pins.tenant_id", "pins.id"],
            name="fk_pin_charges_tenant_id_pin_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_pin_charges"),
    )
    op.create_index(
        "ix_pin_charges_tenant_id_pin_id_charged_at", "pin_charges", ["tenant_id", "pin_id", "charged_at"], unique=False
    )
    op.create_index("ix_pin_charges_tenant_id_proof_id", "pin_charges", ["tenant_id", "proof_id"], unique=False)

    op.create_table(
        "pin_locks",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("pin_id", guid(), nullable=False),
        sa.Column("qr_code_id", guid(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pin_id"],
            ["pins.tenant_id", "pins.id"],
            name="fk_pin_locks_tenant_id_pin_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "pin_id", "qr_code_id", name="pk_pin_locks"),
    )
    op.create_table(
        "qr_uses",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("qr_code_id", guid(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "qr_code_id"],
            ["qr_codes.tenant_id", "qr_codes.id"],
            name="fk_qr_uses_tenant_id_qr_code_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "qr_code_id", name="pk_qr_uses"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("qr_uses")
    op.drop_table("pin_locks")

    op.drop_table("pin_charges")

    op.drop_table("used_assertions")

    op.drop_table("qr_codes")

    op.drop_table("qr_code_pin_methods")

    op.drop_table("pins")

    op.drop_table("group_owners")

    op.drop_table("group_members")

    op.drop_table("delegated_grants")

    op.drop_table("application_secrets")

    op.drop_table("application_permissions")

    op.drop_table("application_keys")

    op.drop_table("administrative_unit_members")

    op.drop_table("users")

    op.drop_table("role_assignments")
    op.drop_table("method_policies")
    op.drop_table("groups")

    op.drop_table("audit_events")

    op.drop_table("applications")
    op.drop_table("administrative_units")
    op.drop_table("tenants")
