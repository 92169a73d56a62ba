"""Refs and files changed by a call: the rules of a push, and leases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from towpath.forge import service
from towpath.forge.service import RefUpdate, Signature, Wish
from towpath.kernel.errors import InvalidInput, NotFound, Stale

BY = Signature("Alice", "alice@example.test", 1_700_000_000_000_000)


def write(hosted, path="a", content=b"1", seen=None, branch="work"):
    wish = Wish(path, content, "message", BY, BY)
    return service.write_file(hosted.kernel, hosted.id, branch, wish, seen, trusted=False)


def test_a_file_is_put_changed_and_taken_away(hosted):
    hosted.put("work")
    first = write(hosted)
    second = write(hosted, content=b"2", seen=first.blob)
    assert service.read_file(hosted.kernel, hosted.id, second.commit, "a") == b"2"
    gone = write(hosted, content=None, seen=second.blob)
    assert gone.blob is None
    assert service.read_file(hosted.kernel, hosted.id, gone.commit, "a") is None
    with pytest.raises(NotFound, match="no file"):
        write(hosted, content=None, seen=second.blob)


def test_rows_know_of_the_commit_when_the_call_returns(hosted, listener):
    hosted.put("work")
    hosted.sync()
    listener.listen()
    made = write(hosted)
    (moved,) = listener.listen()
    assert [change.new for change in moved.changes] == [made.commit]


def test_of_two_writers_at_once_each_lands_or_hears_that_it_did_not(hosted):
    hosted.put("work")

    def attempt(number):
        try:
            return write(hosted, path=f"file{number}")
        except Stale:
            return None

    with ThreadPoolExecutor(3) as pool:
        done = [one for one in pool.map(attempt, range(3)) if one]
    tip = service.resolve(hosted.kernel, hosted.id, "refs/heads/work")
    assert done
    assert all(service.is_ancestor(hosted.kernel, hosted.id, one.commit, tip) for one in done)
    assert len(service.commits(hosted.kernel, hosted.id, hosted.copy.sha("main"), tip)) == len(
        done
    )


def test_what_a_push_may_not_do_a_call_may_not(hosted):
    main = hosted.copy.sha("main")
    with pytest.raises(InvalidInput, match="protected"):
        write(hosted, branch="main")
    for ref in ("refs/heads/main", "refs/towpath/x", "refs/notes/x"):
        update = RefUpdate(ref, main if ref.endswith("main") else None, main)
        with pytest.raises(InvalidInput):
            service.move_ref(hosted.kernel, hosted.id, update, trusted=True)


def test_only_forward_is_forward(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    service.require_forward(hosted.kernel, hosted.id, main, topic)
    with pytest.raises(InvalidInput, match="fast-forward"):
        service.require_forward(hosted.kernel, hosted.id, topic, main)
