"""The migrations lead to the tables that the code believes in."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from towpath.forge.store.tables import METADATA


@pytest.fixture
def differences(db_url):
    url = db_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        options = {
            "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables
        }
        yield compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    engine.dispose()


def test_nothing_is_missing_and_nothing_is_left_over(differences):
    assert differences == []
