"""Healing at start, and the work of the night."""

import shutil
from types import SimpleNamespace

import pytest

from towpath.forge import loops, service
from towpath.forge.api import payloads
from towpath.forge.clients.embedded import git
from towpath.kernel.errors import TemporaryError
from towpath.kernel.work import service as work
from towpath.kernel.work.worker import Worker


def test_at_start_rows_catch_up_with_git_and_locks_are_cleared(hosted):
    hosted.branch("topic", a="1")
    lock = hosted.path / "refs/heads/topic.lock"
    lock.touch()
    loops.heal(hosted.kernel)
    assert not lock.exists()
    assert (hosted.kernel.data / "hooks" / "pre-receive").exists()
    hosted.open()


def test_a_crash_between_push_and_rows_loses_no_request(hosted):
    """The hook wrote the wish down, git moved the ref, and then the machine died."""
    head = hosted.copy.sha("main")
    hosted.copy.git("checkout", "--quiet", "-b", "topic")
    head = hosted.copy.commit("work")
    push = service.Push("push_1", hosted.id, "alice", trusted=False)
    update = service.RefUpdate("refs/heads/topic", None, head)
    options = ["merge_request.create"]
    hosted.kernel.db.write(lambda tx: service.admit_push(tx, push, [update], options))
    hosted.put("topic")
    loops.heal(hosted.kernel)
    loops.heal(hosted.kernel)
    listed = hosted.kernel.db.read(lambda tx: service.merge_requests(tx, hosted.id))
    assert [(one.number, one.head, one.author) for one in listed] == [(1, head, "alice")]


def test_a_git_process_that_outlived_its_server_is_waited_for(hosted):
    """It moves a ref after the new server has looked; the rows hear of it all the same."""
    with git.writing(hosted.path):
        loops.heal(hosted.kernel)
        hosted.branch("topic", a="1")
        (item,) = hosted.kernel.db.read(work.lag)
        assert item.kind == "forge.catch_up"
        handlers = loops.handlers(hosted.kernel, payloads.render)
        with pytest.raises(TemporaryError):
            again(handlers, hosted)
    again(handlers, hosted)
    hosted.open()


def again(handlers, hosted):
    (handler,) = (one for one in handlers if one.kind == "forge.catch_up")
    item = SimpleNamespace(payload={"repository": hosted.id})
    assert handler.run(item) is None


def test_a_broken_repository_holds_up_none_of_the_others(hosted):
    broken = service.create_repository(hosted.kernel, "alice", "aaa")
    shutil.rmtree(hosted.path.with_name(f"{broken.id}.git"))
    hosted.branch("topic", a="1")
    loops.heal(hosted.kernel)
    hosted.open()


def test_every_repository_is_looked_after_at_night(hosted):
    asked = []
    handlers = [
        one if one.kind == "forge.tidy_all" else type(one)(kind=one.kind, run=asked.append)
        for one in loops.handlers(hosted.kernel, payloads.render)
    ]
    schedule = next(one for one in loops.SCHEDULES if one.kind == "forge.tidy_all")
    hosted.kernel.db.write(lambda tx: work.add(tx, schedule.kind, {}))
    Worker(hosted.kernel.db, handlers, 1).run_until_idle()
    assert [item.payload["repository"] for item in asked] == [hosted.id]


def test_tidying_a_tidy_repository_does_nothing(hosted):
    hosted.kernel.db.write(lambda tx: work.add(tx, "forge.tidy", {"repository": hosted.id}))
    worker = Worker(hosted.kernel.db, loops.handlers(hosted.kernel, payloads.render), 1)
    worker.run_until_idle()
    assert hosted.kernel.db.read(work.parked) == []
