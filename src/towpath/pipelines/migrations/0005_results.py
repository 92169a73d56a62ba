"""What jobs leave behind: artifacts, caches, the uploads they came in, and who may send them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("pipelines_job", sa.Column("runtime", sa.String(64)))
    _uploads()
    _artifacts()
    _caches()


def _uploads() -> None:
    op.create_table(
        "pipelines_upload",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pipelines_block",
        sa.Column("upload", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer),
    )


def _artifacts() -> None:
    table = "pipelines_artifact"
    op.create_table(
        table,
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("upload", sa.String(40), nullable=False, unique=True),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("expired", sa.Boolean, nullable=False),
    )
    op.create_index("pipelines_artifact_by_name", table, ["run", "name"], unique=True)
    op.create_index("pipelines_artifact_by_repository", table, ["repository", "number"])
    op.create_index("pipelines_artifact_by_expiry", table, ["expired", "expires"])


def _caches() -> None:
    op.create_table(
        "pipelines_cache",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(300), nullable=False),
        sa.Column("key", sa.String(512), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("upload", sa.String(40), nullable=False, unique=True),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "pipelines_cache_by_key",
        "pipelines_cache",
        ["repository", "scope", "version", "key"],
        unique=True,
    )
