"""Real git, real rows, real pipelines: from an approval to a commit on main."""

import pytest
from sqlalchemy import text

from tests.gate.conftest import people
from towpath.forge import service as forge
from towpath.gate.model.decide import PATIENCE
from towpath.kernel.errors import Unavailable


@pytest.fixture
def any_lock(make_kernel, store, lock_of):
    """One on each store; SQLite is enough where git and the rules do the work."""
    kernel = make_kernel(store)
    people(kernel)
    return lock_of(kernel)


def test_an_approved_request_is_tested_merged_and_lands(any_lock):
    lock = any_lock
    number = lock.request("oar", {"oar": "wood\n"})
    base = lock.main
    lock.approve(number)
    lock.work()
    candidate = lock.line(number).candidate
    assert lock.line(number).word == "testing"
    assert lock.main == base
    lock.build()
    assert lock.main == candidate
    assert lock.in_bare("rev-parse", "main^1") == base
    assert lock.line(number).state == "landed"
    assert lock.status(number) == ("success", f"Landed on main as {candidate[:10]}.")
    assert lock.words(number)[0].startswith(f"Landed: `main` moved to {candidate}")


def test_nothing_happens_without_an_approval(lock):
    number = lock.request("oar", {"oar": "wood\n"})
    assert lock.build() == 0
    assert lock.states() == {number: "watched"}
    assert "someone other than alice" in lock.line(number).sentence


def test_a_red_request_is_refused_and_says_why(any_lock):
    lock = any_lock
    number = lock.request("bad", {"bad": "leak\n"})
    lock.approve(number)
    base = lock.main
    lock.until_quiet()
    assert lock.main == base
    assert lock.states() == {number: "refused"}
    (words,) = lock.words(number)
    assert "tests failed" in words
    assert f"{lock.kernel.url}/runs/run_" in words
    assert "/retry" in words
    assert lock.status(number)[0] == "failure"


def test_those_behind_a_red_one_land_without_it(lock):
    numbers = [
        lock.request(name, {name: "x\n"}) for name in ("oar", "bad", "sail", "rope", "knot")
    ]
    for number in numbers:
        lock.approve(number)
    lock.until_quiet()
    assert lock.states() == dict(
        zip(numbers, ["landed", "refused", "landed", "landed", "landed"], strict=True)
    )
    assert len(lock.history()) == 5
    for commit in lock.history()[1:]:
        assert "bad" not in lock.files(commit)


def test_two_that_pass_alone_and_fail_together(any_lock):
    lock = any_lock
    sun, moon = lock.request("sun", {"sun": "x\n"}), lock.request("moon", {"moon": "x\n"})
    lock.approve(sun)
    lock.approve(moon)
    lock.until_quiet()
    assert lock.states() == {sun: "landed", moon: "refused"}
    (words,) = lock.words(moon)
    assert f"While it waited, #{sun} landed: perhaps they do not work together." in words


def test_a_conflict_with_main_is_refused_before_any_build(lock):
    number = lock.request("mine", {"shared": "mine\n"})
    lock.commit("main", {"shared": "theirs\n"})
    lock.approve(number)
    assert lock.build() == 0
    assert lock.states() == {number: "refused"}
    (words,) = lock.words(number)
    assert "    shared" in words
    assert "    git merge origin/main" in words
    assert "    git push origin mine" in words


def test_a_conflict_with_one_ahead_waits_until_that_is_judged(any_lock):
    lock = any_lock
    bad = lock.request("bad", {"bad": "x\n", "shared": "bad\n"})
    mine = lock.request("mine", {"shared": "mine\n"})
    for number in (bad, mine):
        lock.approve(number)
    lock.work()
    assert lock.line(mine).word == "waits"
    assert f"Conflicts with #{bad} ahead of it" in lock.line(mine).sentence
    lock.until_quiet()
    assert lock.states() == {bad: "refused", mine: "landed"}


def test_a_new_head_leaves_the_queue_and_needs_a_fresh_approval(any_lock):
    lock = any_lock
    number = lock.request("oar", {"oar": "wood\n"})
    lock.approve(number)
    lock.work()
    lock.commit("oar", {"oar": "steel\n"})
    lock.until_quiet()
    assert lock.states() == {number: "watched"}
    assert "nobody has approved" in lock.words(number)[0]
    lock.approve(number)
    lock.until_quiet()
    assert lock.in_bare("show", "main:oar") == "steel"


def test_somebody_else_moves_main_and_everything_is_tested_again(lock):
    number = lock.request("oar", {"oar": "wood\n"})
    lock.approve(number)
    lock.work()
    first = lock.line(number).candidate
    foreign = lock.commit("main", {"foreign": "x\n"})
    lock.until_quiet()
    assert lock.states() == {number: "landed"}
    assert lock.in_bare("rev-parse", "main^1") == foreign
    assert lock.main != first


def test_whoever_asks_for_changes_stops_it(lock):
    number = lock.request("oar", {"oar": "wood\n"})
    lock.approve(number)
    lock.work()
    lock.object_to(number)
    lock.until_quiet()
    assert lock.states() == {number: "watched"}
    assert lock.line(number).word == "changes requested"
    lock.approve(number, by="carol")
    lock.until_quiet()
    assert lock.states() == {number: "landed"}


def test_a_closed_request_and_a_deleted_branch_leave_without_a_word(lock):
    closed, gone = lock.request("oar", {"oar": "x\n"}), lock.request("sail", {"sail": "x\n"})
    for number in (closed, gone):
        lock.approve(number)
    lock.work()
    lock.kernel.db.write(lambda tx: forge.close(tx, lock.id, closed))
    lock.in_bare("update-ref", "-d", "refs/heads/sail")
    forge.sync_refs(lock.kernel, lock.id)
    assert lock.build() == 0
    assert lock.states() == {}
    assert lock.words(closed) == lock.words(gone) == []


def test_without_a_workflow_it_is_refused_and_told_how_to_add_one(kernel, lock_of):
    people(kernel)
    lock = lock_of(kernel, workflow=None)
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.build()
    assert lock.line(number).refused.why == "absent"
    assert ".github/workflows/test.yml" in lock.words(number)[0]


def test_an_invalid_workflow_is_refused_with_file_and_line(lock):
    number = lock.request("ci", {".github/workflows/ci.yml": "on: push\njobs:\n  x: {rnu: y}\n"})
    lock.approve(number)
    lock.build()
    assert lock.line(number).refused.why == "invalid"
    assert ".github/workflows/ci.yml:3" in lock.words(number)[0]


def cannot_merge(lock, monkeypatch, *heads):
    """Let git fail on the merges of these heads, and of no others."""
    real, tried = forge.merge, []

    def merge(kernel, repository, onto, head, message, at):
        if head in heads:
            tried.append(head)
            raise Unavailable("git merge-tree took more than 60 s.")
        return real(kernel, repository, onto, head, message, at)

    monkeypatch.setattr(forge, "merge", merge)
    return tried


def head_of(lock, number):
    return lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number)).head


def test_one_that_git_cannot_merge_is_refused_and_the_others_go_on(lock, clock, monkeypatch):
    oar, knot, sail = (lock.request(name, {name: "x\n"}) for name in ("oar", "knot", "sail"))
    tried = cannot_merge(lock, monkeypatch, head_of(lock, knot))
    for number in (knot, oar, sail):
        lock.approve(number)
    lock.until_quiet()
    for _ in range(PATIENCE):
        clock.advance(60)
        lock.until_quiet()
    assert lock.states() == {oar: "landed", knot: "refused", sail: "landed"}
    assert PATIENCE <= len(tried) <= PATIENCE + 1  # once more, should main have moved meanwhile
    (words,) = lock.words(knot)
    assert "git merge-tree took more than 60 s." in words
    parked = "SELECT count(*) FROM work_item WHERE state = 'parked'"
    assert lock.kernel.db.read(lambda tx: tx.scalar(text(parked))) == 0
    monkeypatch.undo()
    lock.say(knot, "/retry")
    lock.until_quiet()
    assert lock.states()[knot] == "landed"


def test_when_git_can_merge_nothing_nobody_is_to_blame(lock, clock, monkeypatch):
    number = lock.request("oar", {"oar": "x\n"})
    cannot_merge(lock, monkeypatch, head_of(lock, number), lock.main)
    lock.approve(number)
    for _ in range(PATIENCE + 1):
        clock.advance(60)
        lock.until_quiet()
    assert lock.states() == {number: "queued"}
    assert lock.words(number) == []
    monkeypatch.undo()
    clock.advance(900)
    lock.until_quiet()
    assert lock.states() == {number: "landed"}


def test_each_repository_and_branch_has_its_own_queue(lock, lock_of):
    other = lock_of(lock.kernel, "barge")
    lock.commit("old", {"old": "x\n"}, "o/main")
    here = lock.request("oar", {"oar": "x\n"})
    old = lock.request("fix", {"fix": "x\n"}, "o/old", target="old")
    there = other.request("bad", {"bad": "x\n"})
    for each, number in ((lock, here), (lock, old), (other, there)):
        each.approve(number)
    lock.work()
    assert [each.line(n).place for each, n in ((lock, here), (lock, old), (other, there))] == [
        1,
        1,
        1,
    ]
    lock.until_quiet()
    assert lock.line(here).state == lock.line(old).state == "landed"
    assert other.line(there).state == "refused"
    assert lock.in_bare("log", "--format=%s", "-1", "old") == f"Merge #{old}: Add fix"


def test_a_suite_that_somebody_stopped_is_no_red(lock):
    from towpath.pipelines import service as pipelines

    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.work()
    run = lock.line(number).run
    lock.kernel.db.write(lambda tx: pipelines.cancel_run(tx, run, "bob"))
    lock.work()
    assert lock.line(number).state == "queued"
    assert lock.line(number).run != run
    lock.until_quiet()
    assert lock.states() == {number: "landed"}


def test_candidate_refs_stay_for_the_refused_alone(lock):
    bad, oar = lock.request("bad", {"bad": "x\n"}), lock.request("oar", {"oar": "x\n"})
    for number in (bad, oar):
        lock.approve(number)
    lock.until_quiet()
    kept = lock.in_bare("for-each-ref", "--format=%(refname)", "refs/towpath/").split()
    assert kept == [f"refs/towpath/gate/{bad}"]
