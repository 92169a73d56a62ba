"""Workflows that others call, who called a job, and what somebody handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("pipelines_run", sa.Column("inputs", sa.Text))
    op.add_column("pipelines_job", sa.Column("caller", sa.String(40)))
    op.create_table(
        "pipelines_called",
        sa.Column("run", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("workflow", sa.Text, nullable=False),
    )
