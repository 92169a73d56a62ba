"""Discussions on lines, followed through later pushes of real git."""

import pytest

from towpath.forge import service
from towpath.forge.model.threads import require_anchor
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

TEN = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture
def change(hosted):
    hosted.branch("topic", a=TEN)
    hosted.sync()
    return hosted.open()


def say(hosted, change, line, *, path="a", side="new", body="Why?"):
    anchor = require_anchor(path, side, line, change.head if side == "new" else change.base)
    return service.start_thread(hosted.kernel, hosted.id, change.number, "bob", body, anchor)


def where(hosted):
    change = hosted.request()
    found = hosted.kernel.db.read(lambda tx: service.threads(tx, hosted.id, change.number))
    return [one.line for one in service.placed(hosted.kernel, change, change.base, found)]


def push(hosted, text):
    hosted.copy.git("checkout", "--quiet", "topic")
    hosted.copy.commit("more", a=text)
    hosted.put("topic")
    hosted.sync()


def test_a_thread_stays_at_its_line_while_others_change(hosted, change):
    say(hosted, change, 5)
    assert where(hosted) == [5]
    push(hosted, "new first\n" + TEN)
    assert where(hosted) == [6]


def test_a_thread_whose_line_was_changed_or_went_is_outdated(hosted, change):
    say(hosted, change, 5)
    push(hosted, TEN.replace("line 5", "line five"))
    assert where(hosted) == [None]


def test_a_thread_of_a_file_that_went_is_outdated(hosted, change):
    say(hosted, change, 5)
    hosted.copy.git("checkout", "--quiet", "topic")
    hosted.copy.git("rm", "--quiet", "a")
    hosted.copy.commit("gone")
    hosted.put("topic")
    hosted.sync()
    assert where(hosted) == [None]


def test_a_thread_of_a_commit_that_is_gone_is_outdated(hosted, change):
    anchor = require_anchor("a", "new", 1, change.head)
    service.start_thread(hosted.kernel, hosted.id, 1, "bob", "x", anchor)
    found = hosted.kernel.db.read(lambda tx: service.threads(tx, hosted.id, 1))
    from dataclasses import replace

    lost = [replace(one, anchor=replace(one.anchor, commit="1" * 40)) for one in found]
    (placed,) = service.placed(hosted.kernel, hosted.request(), change.base, lost)
    assert placed.line is None


def test_answers_and_settling(hosted, change):
    thread = say(hosted, change, 1)

    def more(tx):
        service.reply(tx, hosted.id, 1, thread.id, "alice", "Because.")
        service.resolve_thread(tx, hosted.id, 1, thread.id, by="bob")

    hosted.kernel.db.write(more)
    (found,) = hosted.kernel.db.read(lambda tx: service.threads(tx, hosted.id, 1))
    assert [one.body for one in found.remarks] == ["Why?", "Because."]
    assert found.resolved_by == "bob"


@pytest.mark.parametrize("line", [11, 1000])
def test_a_line_that_is_not_there_is_refused(hosted, change, line):
    with pytest.raises(InvalidInput, match="There is no line"):
        say(hosted, change, line)


def test_a_file_that_is_not_there_and_an_empty_remark_are_refused(hosted, change):
    with pytest.raises(InvalidInput, match="There is no line"):
        say(hosted, change, 1, path="none")
    with pytest.raises(InvalidInput):
        say(hosted, change, 1, body="  ")


def test_a_thread_of_no_request_or_an_answer_to_no_thread_is_told(hosted, change):
    anchor = require_anchor("a", "new", 1, change.head)
    with pytest.raises(NotFound):
        service.start_thread(hosted.kernel, hosted.id, 9, "bob", "x", anchor)
    with pytest.raises(NotFound):
        hosted.kernel.db.write(lambda tx: service.reply(tx, hosted.id, 1, "none", "bob", "x"))


def test_webhooks_hear_of_each_remark_and_of_what_is_settled(hosted, change):
    secrets.prepare(hosted.kernel)
    wanted = ["pull_request_review_comment", "pull_request_review_thread"]
    service.add_webhook(hosted.kernel, hosted.id, "https://a.example", wanted, "", active=True)
    db, here = hosted.kernel.db, hosted.id
    anchor = require_anchor("a", "new", 1, change.head)
    begun = service.start_thread(hosted.kernel, here, 1, "bob", "Why?", anchor)
    answer = db.write(lambda tx: service.reply(tx, here, 1, begun.id, "alice", "So."))
    db.write(lambda tx: service.edit_remark(tx, here, answer.handle, "Thus."))
    db.write(lambda tx: service.resolve_thread(tx, here, 1, begun.id, by="bob"))
    db.write(lambda tx: service.delete_remark(tx, here, answer.handle))
    kept = []
    Worker(db, [Handler(kind=service.TELL, run=kept.append)]).run_until_idle()
    heard = [service.noted(item.payload)[2] for item in kept]
    assert [getattr(one, "what", "settled") for one in heard] == [
        "created", "created", "edited", "settled", "deleted",
    ]  # fmt: skip
    assert (heard[2].was, heard[2].remark.body) == ("So.", "Thus.")
    assert heard[1].thread.remarks == begun.remarks
    assert heard[3].settled
