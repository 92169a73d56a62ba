"""Who moves which ref, written down before it moves; what a scrape asks of messages, by state."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_mover",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False, index=True),
        sa.Column("push", sa.String(40), nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("sha", sa.String(40)),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("forge_delivery_by_state", "forge_delivery", ["state", "at"])
