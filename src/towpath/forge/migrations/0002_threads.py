"""Discussions on lines of a diff."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_thread",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("side", sa.String(3), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("commit", sa.String(40), nullable=False),
        sa.Column("resolved_by", sa.String(40)),
    )
    op.create_index("forge_thread_by_request", "forge_thread", ["repository", "number", "id"])
    op.create_table(
        "forge_remark",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("thread", sa.String(40), nullable=False, index=True),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
