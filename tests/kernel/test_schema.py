from importlib import import_module
from pathlib import Path

from towpath.kernel import schema


def test_it_holds_the_tables_of_work_and_outbox():
    assert {"work_item", "work_schedule", "outbox_fact", "outbox_subscription"} <= set(
        schema.HISTORY.metadata.tables
    )


def test_its_revision_is_the_newest_migration():
    folder = Path(import_module("towpath.kernel.migrations").__file__).parent
    newest = max(path.name[:4] for path in folder.glob("[0-9]*.py"))
    assert schema.HISTORY.revision == newest
