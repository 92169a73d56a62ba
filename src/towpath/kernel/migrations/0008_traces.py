"""What facts and work follow from, for whoever traces."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("outbox_fact", sa.Column("trace", sa.Text))
    op.add_column("work_item", sa.Column("trace", sa.Text))
