"""What programs need of discussions on lines: numbers, edits, and what the diff looked like."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so that a process of the version before can go on writing beside us.
    op.add_column("forge_thread", sa.Column("head", sa.String(40)))
    op.add_column("forge_thread", sa.Column("position", sa.Integer))
    op.add_column("forge_thread", sa.Column("start", sa.Integer))
    op.add_column("forge_thread", sa.Column("hunk", sa.Text))
    op.add_column("forge_remark", sa.Column("edited", sa.BigInteger))
    op.add_column("forge_remark", sa.Column("review", sa.String(40)))
    op.add_column("forge_remark", sa.Column("handle", sa.BigInteger))
    op.create_index("forge_remark_by_handle", "forge_remark", ["handle"])
    _give_handles()


def _give_handles() -> None:
    """Number what is there as the dialect does: 53 bits of the hash of its id."""
    rows = sa.table("forge_remark", sa.column("id"), sa.column("handle"))
    bind = op.get_bind()
    for name in bind.execute(sa.select(rows.c.id)).scalars().all():
        handle = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 11
        bind.execute(rows.update().where(rows.c.id == name).values(handle=handle))
