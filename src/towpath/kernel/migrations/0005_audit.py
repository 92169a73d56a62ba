"""The audit log, and on both stores triggers that refuse to change what it holds."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_POSTGRESQL = """
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('towpath.audit', true) = 'forget' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an entry of the audit log stays as it is';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_stays();
CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is not emptied';
END $$;
CREATE TRIGGER audit_log_stays BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays();
"""
_SQLITE = """
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit log stays as it is');
END
"""


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("who_id", sa.String(40), nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("proof", sa.String(20), nullable=False),
        sa.Column("proof_id", sa.String(100), nullable=False),
        sa.Column("address", sa.String(100), nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("request", sa.String(100), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "id"])
    op.create_index("ix_audit_entry_who", "audit_entry", ["who", "id"])
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(_POSTGRESQL if is_postgresql else _SQLITE)
