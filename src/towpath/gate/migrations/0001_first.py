"""What the gate remembers of each merge request, and what it decided."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gate_change",
        sa.Column("repository", sa.String(40), primary_key=True),
        sa.Column("branch", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("suite", sa.String(40), index=True),
        sa.Column("ended", sa.BigInteger, index=True),
        sa.Column("changed", sa.BigInteger, nullable=False, index=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("gate_change_by_request", "gate_change", ["repository", "number"])
    op.create_index("gate_change_by_state", "gate_change", ["state"])
    op.create_table(
        "gate_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("tip", sa.String(40)),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("action", sa.Text, nullable=False),
    )
    op.create_index("gate_decision_by_request", "gate_decision", ["repository", "number", "id"])
