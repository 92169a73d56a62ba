"""Webhooks and their delivery log."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_webhook",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("repository", sa.String(40), nullable=False, index=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "forge_delivery",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("webhook", sa.String(40), nullable=False),
        sa.Column("guid", sa.String(40), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("action", sa.String(40)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("again", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("answer_status", sa.Integer),
        sa.Column("answer_headers", sa.Text),
        sa.Column("answer_body", sa.Text),
        sa.Column("answer_error", sa.Text),
        sa.Column("answer_seconds", sa.Float),
        sa.Column("answer_at", sa.BigInteger),
    )
    op.create_index("forge_delivery_by_webhook", "forge_delivery", ["webhook", "id"])
    op.create_index("forge_delivery_by_handle", "forge_delivery", ["webhook", "handle"])
