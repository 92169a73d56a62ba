from towpath.app.parts import PARTS
from towpath.kernel import outbox
from towpath.kernel.db.migrate import History, upgrade
from towpath.kernel.work import strangers


def test_every_part_has_a_name_of_its_own_and_the_kernel_is_first():
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    assert names[0] == "kernel"


def test_no_two_parts_claim_one_table_and_tables_bear_their_parts_name():
    claimed = [table for part in PARTS for table in part.metadata.tables]
    assert len(set(claimed)) == len(claimed)
    for part in PARTS[1:]:
        assert all(table.startswith(f"{part.name}_") for table in part.metadata.tables)


def test_no_two_parts_do_the_same_kind_of_work_or_react_under_one_name(kernel):
    reactions = [reaction for part in PARTS for reaction in part.reactions(kernel)]
    handlers = [handler for part in PARTS for handler in part.handlers(kernel)]
    kinds = [handler.kind for handler in (*handlers, *outbox.handlers(reactions))]
    assert len(set(kinds)) == len(kinds)


def test_what_is_scheduled_has_somebody_who_does_it(kernel):
    kinds = {handler.kind for part in PARTS for handler in part.handlers(kernel)}
    kinds.add(strangers.KIND)  # every worker has it
    scheduled = {schedule.kind for part in PARTS for schedule in part.schedules}
    assert scheduled <= kinds


def test_all_histories_build_what_the_tables_say(tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    url = f"sqlite:///{tmp_path}/towpath.db"
    tables = [part for part in PARTS if part.revision]
    upgrade(
        url,
        [
            History(name=p.name, package=p.package, revision=p.revision, metadata=p.metadata)
            for p in tables
        ],
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        for part in tables:
            context = MigrationContext.configure(
                connection, opts={"include_name": lambda name, kind, _, part=part: (
                    kind != "table" or name in part.metadata.tables)}
            )  # fmt: skip
            assert compare_metadata(context, part.metadata) == []
    engine.dispose()
