"""What steps say to people: annotations and summaries."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("pipelines_step", sa.Column("annotations", sa.Text))
    op.add_column("pipelines_step", sa.Column("summary", sa.Text))
