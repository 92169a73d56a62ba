"""Suites, runs, jobs and steps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _suites()
    _runs()
    _jobs()


def _suites() -> None:
    op.create_table(
        "pipelines_suite",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("sha", sa.String(40), nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("conclusion", sa.String(10)),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("run", sa.String(40)),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
    )
    op.create_index("pipelines_suite_by_sha", "pipelines_suite", ["repository", "sha"])
    op.create_index("pipelines_suite_by_end", "pipelines_suite", ["repository", "finished"])


def _runs() -> None:
    op.create_table(
        "pipelines_run",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("suite", sa.String(40), nullable=False, index=True),
        sa.Column("repository", sa.String(40), nullable=False),
        sa.Column("sha", sa.String(40), nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("workflow", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("github", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("conclusion", sa.String(10)),
        sa.Column("cancelled_by", sa.String(40)),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
    )
    op.create_index("pipelines_run_by_sha", "pipelines_run", ["repository", "sha"])
    op.create_index("pipelines_run_by_state", "pipelines_run", ["state", "id"])


def _jobs() -> None:
    op.create_table(
        "pipelines_job",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("run", sa.String(40), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("conclusion", sa.String(10)),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("stop", sa.Boolean, nullable=False),
        sa.Column("outputs", sa.Text, nullable=False),
        sa.Column("runner", sa.String(100), nullable=False),
        sa.Column("log_bytes", sa.BigInteger, nullable=False),
        sa.Column("queued", sa.BigInteger),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.Column("lease", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("token", sa.String(40)),
    )
    op.create_index("pipelines_job_by_state", "pipelines_job", ["state", "queued", "id"])
    op.create_table(
        "pipelines_step",
        sa.Column("job", sa.String(40), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("conclusion", sa.String(10)),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("log_from", sa.BigInteger),
        sa.Column("log_to", sa.BigInteger),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
    )
