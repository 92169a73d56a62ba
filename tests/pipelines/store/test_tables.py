"""The tables are those that the migrations make."""

from sqlalchemy import inspect

from towpath.pipelines.store.tables import METADATA


def test_the_migrated_tables_are_the_declared_ones(db):
    def differences(tx):
        seen = inspect(tx.connection)
        for table in METADATA.sorted_tables:
            there = {column["name"]: column["nullable"] for column in seen.get_columns(table.name)}
            here = {column.name: bool(column.nullable) for column in table.columns}
            yield table.name, there == here
            indexes = {index["name"] for index in seen.get_indexes(table.name)}
            wanted = {index.name for index in table.indexes}
            yield table.name, wanted <= indexes

    assert all(same for _, same in db.read(lambda tx: list(differences(tx))))
