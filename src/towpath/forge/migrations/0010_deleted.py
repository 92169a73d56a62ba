"""Repositories that were deleted and are being cleared away."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so that a process of the version before can go on writing beside us.
    op.add_column("forge_repository", sa.Column("gone", sa.BigInteger))
    op.create_index("ix_forge_repository_gone", "forge_repository", ["gone"])
