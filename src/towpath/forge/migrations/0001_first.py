"""Repositories, their refs as last seen, merge requests and what is said about them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forge_repository",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("address", sa.String(141), nullable=False, unique=True),
        sa.Column("default_branch", sa.Text, nullable=False),
        sa.Column("protected", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
    )
    op.create_table(
        "forge_ref",
        sa.Column("repository", sa.String(40), primary_key=True),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("sha", sa.String(40), nullable=False),
    )
    _merge_requests()
    _words()
    op.create_table(
        "forge_intent",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False, index=True),
        sa.Column("push", sa.String(40), nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _merge_requests() -> None:
    op.create_table(
        "forge_merge_request",
        sa.Column("repository", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("head", sa.String(40), nullable=False),
        sa.Column("base", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("merged_as", sa.String(40)),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_index(
        "forge_merge_request_by_state", "forge_merge_request", ["repository", "state", "number"]
    )
    op.create_table(
        "forge_review",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("head", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("forge_review_by_request", "forge_review", ["repository", "number", "id"])


def _words() -> None:
    op.create_table(
        "forge_comment",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("once", sa.String(200)),
        sa.UniqueConstraint("repository", "number", "once", name="forge_comment_once"),
    )
    op.create_index("forge_comment_by_request", "forge_comment", ["repository", "number", "id"])
    op.create_table(
        "forge_status",
        sa.Column("repository", sa.String(40), primary_key=True),
        sa.Column("sha", sa.String(40), primary_key=True),
        sa.Column("context", sa.String(200), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
