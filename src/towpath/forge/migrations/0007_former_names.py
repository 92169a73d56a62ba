"""Names that repositories had: who asks there is led to the one they have now."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_former",
        sa.Column("address", sa.String(141), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False, index=True),
    )
