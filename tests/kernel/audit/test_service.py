import csv
import io
import json
import threading
from contextlib import ExitStack, contextmanager

import pytest

from towpath.kernel import origin
from towpath.kernel.audit import service
from towpath.kernel.audit import store as rows
from towpath.kernel.audit.service import Search
from towpath.kernel.errors import Unavailable
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

TRIED = service.Action("test.try", "tried something")
ALICE = origin.Origin(
    id="user_1", login="alice", proof="session", address="10.0.0.1", request="r1"
)


def record(tx, subject="thing:1", **values):
    service.record(tx, TRIED, subject, **values)


def entries(db):
    return db.read(lambda tx: service.search(tx, Search()))


def test_an_entry_says_who_asked_for_the_transaction_on_whatever_thread_it_runs(db):
    with origin.acting(ALICE):
        db.write(record)
        waiting = db.submit(lambda tx: record(tx, "thing:2"))
    waiting.result()
    db.write(lambda tx: record(tx, "thing:3"))
    told = [(e.subject, e.who, e.address, e.request) for e in entries(db)]
    assert told == [
        ("thing:3", "towpath", "", ""),
        ("thing:2", "alice", "10.0.0.1", "r1"),
        ("thing:1", "alice", "10.0.0.1", "r1"),
    ]


def test_many_who_share_one_commit_are_not_mistaken_for_each_other(db):
    def act(name):
        with origin.acting(origin.Origin(login=name)):
            for _ in range(20):
                db.write(lambda tx: record(tx, f"thing:{name}"))

    threads = [threading.Thread(target=act, args=(f"p{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = db.read(lambda tx: service.search(tx, Search(), limit=1000))
    assert len(found) == 160
    assert all(entry.subject == f"thing:{entry.who}" for entry in found)


def test_an_undone_change_leaves_no_entry(db):
    def fail(tx):
        record(tx)
        raise LookupError

    with pytest.raises(LookupError):
        db.write(fail)
    assert entries(db) == []


def test_work_acts_as_the_system_and_names_its_kind(db):
    def run(_item):
        db.write(lambda tx: record(tx, "thing:inside"))
        return lambda tx: record(tx, "thing:then")

    db.write(lambda tx: work.add(tx, "test.kind", {}))
    with origin.acting(ALICE):
        Worker(db, [Handler(kind="test.kind", run=run)]).run_until_idle()
    told = {(e.subject, e.who, e.proof, e.proof_id) for e in entries(db)}
    assert told == {
        ("thing:inside", "towpath", "system", "test.kind"),
        ("thing:then", "towpath", "system", "test.kind"),
    }


def test_a_secret_reaches_neither_the_row_nor_an_export(db):
    db.write(lambda tx: record(tx, before={"password": "hunter2"}, after={"password": "hunter3"}))
    whole = b"".join([*service.export_lines(db, Search()), *service.export_table(db, Search())])
    assert b"hunter" not in whole


def test_exports_hold_everything_that_matches_in_pieces(db, monkeypatch):
    monkeypatch.setattr(service, "_AT_ONCE", 3)
    for number in range(8):
        db.write(lambda tx, n=number: record(tx, f"thing:{n}", after={"n": n}))
    lines = [json.loads(line) for line in service.export_lines(db, Search())]
    assert [line["after"]["n"] for line in lines] == list(range(7, -1, -1))
    assert lines[0]["at"].startswith("2023-11-14T22:13:20")
    text = b"".join(service.export_table(db, Search(subject="thing:7"))).decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert json.loads(row["after"]) == {"n": 7}
    assert tuple(row) == service.FIELDS


def test_a_spreadsheet_takes_no_cell_for_a_formula(db):
    db.write(lambda tx: record(tx, "=cmd()"))
    assert b",'=cmd()," in b"".join(service.export_table(db, Search()))


@pytest.fixture
def held(db):
    """Have somebody record "thing:late" and not commit before the end of the block."""

    @contextmanager
    def hold():
        recorded, commit = threading.Event(), threading.Event()

        def slowly(tx):
            record(tx, "thing:late")
            recorded.set()
            commit.wait()

        late = db.submit(slowly)
        recorded.wait()
        try:
            yield
        finally:
            commit.set()
            late.result()

    return hold


def copied(db, above=0, limit=100):
    return [(e.id, e.subject) for e in service.onwards(db, Search(), above, limit)]


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgresql"])
def test_a_copy_does_not_go_past_a_change_that_is_not_committed(db, held):
    db.write(record)
    with held():
        db.write(lambda tx: record(tx, "thing:quick"))
        assert [subject for _, subject in rows_seen(db)] == ["thing:1", "thing:quick"]
        with pytest.raises(Unavailable, match="under way for long"):
            service.settled(db, patience=0)
    assert copied(db) == rows_seen(db)
    assert [subject for _, subject in copied(db)] == ["thing:1", "thing:late", "thing:quick"]


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgresql"])
def test_a_change_that_began_after_the_question_is_not_waited_for(db, held, monkeypatch):
    db.write(record)
    looked = rows.adding
    with ExitStack() as stack:

        def look(tx):
            """Before the first look there is nobody, at each further one there is."""
            seen = looked(tx)
            if not seen:
                stack.enter_context(held())
            return seen

        monkeypatch.setattr(rows, "adding", look)
        assert service.settled(db, patience=0) == rows_seen(db)[0][0]


def rows_seen(db):
    return [(e.id, e.subject) for e in reversed(entries(db))]


def test_a_copy_made_while_many_write_misses_and_doubles_nothing(db):
    def write(name):
        for number in range(25):
            if number % 5 == 4:
                with pytest.raises(LookupError):
                    db.write(lambda tx: undone(tx, name))
            db.write(lambda tx, n=number: record(tx, f"thing:{name}-{n}"))

    def undone(tx, name):
        record(tx, f"undone:{name}")
        raise LookupError

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        seen += copied(db, seen[-1][0] if seen else 0, limit=7)
    while more := copied(db, seen[-1][0] if seen else 0, limit=7):
        seen += more
    assert seen == [(e.id, e.subject) for e in reversed(db.read(all_entries))]
    assert len(seen) == 100
    assert [number for number, _ in seen] == sorted({number for number, _ in seen})


def all_entries(tx):
    return service.search(tx, Search(), limit=1000)


def test_a_stream_from_an_id_on_ends_though_more_is_written(db, monkeypatch):
    monkeypatch.setattr(service, "_AT_ONCE", 2)
    for number in range(5):
        db.write(lambda tx, n=number: record(tx, f"thing:{n}"))
    lines = service.export_lines(db, Search(), above=1)
    seen = [json.loads(next(lines))["subject"]]
    db.write(lambda tx: record(tx, "thing:later"))
    seen += [json.loads(line)["subject"] for line in lines]
    assert seen == ["thing:1", "thing:2", "thing:3", "thing:4"]
