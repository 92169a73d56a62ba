"""Who takes turns in a concurrency group, and what a run asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("pipelines_run", sa.Column("concurrency", sa.Text))
    op.create_table(
        "pipelines_ticket",
        sa.Column("holder", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("queue", sa.String(10), nullable=False),
        sa.Column("cancels", sa.Boolean, nullable=False),
        sa.Column("holding", sa.Boolean, nullable=False),
        sa.Column("within", sa.Text, nullable=False),
    )
    op.create_index("pipelines_ticket_by_group", "pipelines_ticket", ["repository", "group"])
