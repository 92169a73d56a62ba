"""Check suites are found by their numbers: each check bears that of its suite."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so that a process of the version before can go on writing beside us.
    op.add_column("forge_check", sa.Column("suite", sa.BigInteger))
    op.create_index("forge_check_by_suite", "forge_check", ["repository", "suite"])
    _give_numbers()


def _give_numbers() -> None:
    """Number what is there as the dialect does: 53 bits of the hash of what a suite is."""
    names = ("repository", "sha", "author", "suite")
    rows = sa.table("forge_check", *map(sa.column, names))
    bind = op.get_bind()
    found = bind.execute(sa.select(*(rows.c[name] for name in names[:3])).distinct()).all()
    for repository, sha, author in found:
        name = f"{repository}:{sha}:{author}"
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 11
        of = (rows.c.repository == repository, rows.c.sha == sha, rows.c.author == author)
        bind.execute(rows.update().where(*of).values(suite=number))
