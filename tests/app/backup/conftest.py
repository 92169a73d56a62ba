"""Servers and databases for backups of living installations."""

import pytest

from tests.kill.conftest import new_database, new_server

__all__ = ["new_database", "new_server"]


@pytest.fixture
def empty_database(stores, store):
    """As one makes before a restore: nothing on SQLite, a database without tables elsewhere."""
    made = []

    def make():
        if store == "sqlite":
            return None
        made.append(stores.empty())
        return made[-1]

    yield make
    for url in made:
        stores.drop(url)
