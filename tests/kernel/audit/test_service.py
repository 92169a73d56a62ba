import csv
import io
import json
import threading

import pytest

from towpath.kernel import origin
from towpath.kernel.audit import service
from towpath.kernel.audit.service import Search
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
