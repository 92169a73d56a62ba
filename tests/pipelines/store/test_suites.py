"""Suites and runs as rows, on both stores."""

import pytest

from towpath.kernel.errors import NotFound
from towpath.pipelines.model.run import Run, Suite
from towpath.pipelines.store import suites

SHA = "1" * 40


def a_suite(number=1, **changed):
    values = {
        "id": f"suite_{number}", "repository": "repo", "sha": SHA, "ref": "refs/heads/main",
        "event": "push", "key": f"key-{number}", "payload": {"a": ["b", None]}, "actor": "alice",
        "state": "planning", "conclusion": None, "summary": "", "run": None, "created": 1,
        "finished": None,
    }  # fmt: skip
    return Suite(**(values | changed))


def a_run(number=1, **changed):
    values = {
        "id": f"run_{number}", "suite": "suite_1", "repository": "repo", "sha": SHA, "ref": "m",
        "event": "push", "path": "ci.yml", "workflow": "ci", "title": "ci", "env": {"A": "é"},
        "github": {"event": {"n": 1}}, "created": number,
    }  # fmt: skip
    return Run(**(values | changed))


def test_a_suite_is_found_as_it_was_written(db):
    made = a_suite()
    db.write(lambda tx: suites.add_suite(tx, made))
    assert db.read(lambda tx: suites.suite(tx, made.id)) == made
    assert db.read(lambda tx: suites.suite_by_key(tx, "key-1")) == made
    assert db.read(lambda tx: suites.suites_of(tx, "repo", SHA)) == [made]
    with pytest.raises(NotFound):
        db.read(lambda tx: suites.suite(tx, "none"))


def test_a_suite_moves_only_from_the_state_it_is_in(db):
    db.write(lambda tx: suites.add_suite(tx, a_suite()))
    assert db.write(lambda tx: suites.move_suite(tx, "suite_1", "planning", state="running"))
    assert not db.write(lambda tx: suites.move_suite(tx, "suite_1", "planning", state="running"))


def test_a_run_is_found_as_it_was_written_and_ends_once(db):
    made = a_run()
    db.write(lambda tx: suites.add_run(tx, made))
    assert db.read(lambda tx: suites.run(tx, made.id)) == made
    assert db.write(lambda tx: suites.finish_run(tx, made.id, "success"))
    assert not db.write(lambda tx: suites.finish_run(tx, made.id, "failure"))
    assert db.read(lambda tx: suites.run(tx, made.id)).conclusion == "success"


def test_a_run_is_cancelled_by_the_first_who_wants_it(db):
    db.write(lambda tx: suites.add_run(tx, a_run()))
    assert db.write(lambda tx: suites.cancel_run(tx, "run_1", "bob"))
    assert not db.write(lambda tx: suites.cancel_run(tx, "run_1", "alice"))
    assert db.read(lambda tx: suites.run(tx, "run_1")).cancelled_by == "bob"


def test_runs_are_listed_newest_first_and_page_by_page(db):
    db.write(
        lambda tx: [suites.add_run(tx, a_run(n, repository=f"r{n % 2}")) for n in range(1, 6)]
    )
    assert [run.id for run in db.read(lambda tx: suites.runs(tx, limit=2))] == ["run_5", "run_4"]
    rest = db.read(lambda tx: suites.runs(tx, after="run_4", repository="r1"))
    assert [run.id for run in rest] == ["run_3", "run_1"]


def test_what_is_forgotten_takes_its_suite_along_when_nothing_else_is_in_it(db):
    def fill(tx):
        suites.add_suite(tx, a_suite(state="finished", finished=9))
        suites.add_run(tx, a_run(1, state="finished", finished=5))
        suites.add_run(tx, a_run(2, state="finished", finished=50))

    db.write(fill)
    assert db.read(lambda tx: suites.old_runs(tx, 10, 100)) == ["run_1"]
    db.write(lambda tx: suites.forget_runs(tx, ["run_1"]))
    assert db.read(lambda tx: suites.suite(tx, "suite_1"))
    db.write(lambda tx: suites.forget_runs(tx, ["run_2"]))
    with pytest.raises(NotFound):
        db.read(lambda tx: suites.suite(tx, "suite_1"))


def test_suites_that_never_had_a_run_age_too(db):
    old = a_suite(1, state="finished", conclusion="absent", finished=5)
    db.write(lambda tx: [suites.add_suite(tx, old), suites.add_suite(tx, a_suite(2))])
    db.write(lambda tx: suites.forget_empty_suites(tx, 10))
    assert [each.id for each in db.read(lambda tx: suites.suites_of(tx, "repo", SHA))] == [
        "suite_2"
    ]


def test_the_last_that_passed_are_found(db):
    ended = [a_suite(n, state="finished", conclusion="success", finished=n) for n in (1, 2, 3)]
    db.write(lambda tx: [suites.add_suite(tx, each) for each in ended])
    found = db.read(lambda tx: suites.recent_suites(tx, "repo", "success"))
    assert [each.id for each in found] == ["suite_3", "suite_2", "suite_1"]
