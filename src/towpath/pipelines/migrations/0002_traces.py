"""What a job follows from, for whoever traces."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("pipelines_job", sa.Column("trace", sa.Text))
