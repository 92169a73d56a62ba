"""Teams, what they and single users are granted, and where users come from.

Every new column has a default, so that a process of the release before may still add rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("access_user", sa.Column("source", sa.Text, nullable=False, server_default=""))
    op.add_column("access_user", sa.Column("owner", sa.String(40)))
    op.add_column("access_user", sa.Column("deactivated", sa.BigInteger))
    for name in ("address", "agent"):
        op.add_column(
            "access_session", sa.Column(name, sa.Text, nullable=False, server_default="")
        )
    op.create_table(
        "access_site_role",
        sa.Column("user_id", sa.String(40), sa.ForeignKey("access_user.id"), primary_key=True),
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("role", sa.Integer, nullable=False),
    )
    op.create_table(
        "access_team",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("slug", sa.String(63), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "access_member",
        sa.Column("user_id", sa.String(40), sa.ForeignKey("access_user.id"), primary_key=True),
        sa.Column("team_id", sa.String(40), sa.ForeignKey("access_team.id"), primary_key=True),
        sa.Column("source", sa.String(60), primary_key=True),
    )
    op.create_index("ix_access_member_team_id", "access_member", ["team_id"])
    op.create_table(
        "access_grant",
        sa.Column("holder", sa.String(40), primary_key=True),
        sa.Column("resource", sa.String(200), primary_key=True),
        sa.Column("role", sa.Integer, nullable=False),
    )
    op.create_index("ix_access_grant_resource", "access_grant", ["resource"])
