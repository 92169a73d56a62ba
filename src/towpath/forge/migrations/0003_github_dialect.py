"""Labels, reactions and check runs; comments that are edited; everything found by its number."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so that a process of the version before can go on writing beside us.
    op.add_column("forge_repository", sa.Column("description", sa.Text))
    op.add_column("forge_comment", sa.Column("edited", sa.BigInteger))
    op.add_column("forge_review", sa.Column("dismissed", sa.Text))
    for table in ("forge_comment", "forge_review"):
        op.add_column(table, sa.Column("handle", sa.BigInteger))
        op.create_index(f"{table}_by_handle", table, ["repository", "handle"])
        _give_handles(table)
    _labels()
    _checks()


def _give_handles(table: str) -> None:
    """Number what is there as the dialect always has: 53 bits of the hash of its id."""
    rows = sa.table(table, sa.column("id"), sa.column("handle"))
    bind = op.get_bind()
    for name in bind.execute(sa.select(rows.c.id)).scalars().all():
        handle = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 11
        bind.execute(rows.update().where(rows.c.id == name).values(handle=handle))


def _labels() -> None:
    op.create_table(
        "forge_label",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("color", sa.String(6), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.UniqueConstraint("repository", "key", name="forge_label_once"),
    )
    op.create_table(
        "forge_request_label",
        sa.Column("repository", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("label", sa.String(40), primary_key=True),
    )
    op.create_table(
        "forge_reaction",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("content", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint(
            "repository", "subject", "author", "content", name="forge_reaction_once"
        ),
    )


def _checks() -> None:
    op.create_table(
        "forge_check",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("sha", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("conclusion", sa.String(20)),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("external", sa.Text, nullable=False),
        sa.Column("annotations", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("completed", sa.BigInteger),
    )
    op.create_index("forge_check_by_commit", "forge_check", ["repository", "sha", "id"])
    op.create_index("forge_check_by_handle", "forge_check", ["repository", "handle"])
