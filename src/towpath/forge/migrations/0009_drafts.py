"""Reviews that were begun and not given yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_draft",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("head", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("threads", sa.Text, nullable=False),
        sa.UniqueConstraint("repository", "number", "author", name="forge_draft_once"),
    )
