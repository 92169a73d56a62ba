"""A database for each world: the data directory's own, or a new one on PostgreSQL."""

import pytest


@pytest.fixture
def new_database(stores, store, tmp_path):
    made = []

    def make():
        if store == "sqlite":
            return None
        made.append(stores.url(store, tmp_path))
        return made[-1]

    yield make
    for url in made:
        stores.drop(url)
