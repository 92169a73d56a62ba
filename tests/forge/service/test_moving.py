"""Refs move in git, and the rows follow."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from towpath.facts.forge import RefsMoved
from towpath.forge import service
from towpath.forge.service import Push, RefUpdate, noting
from towpath.forge.store import repositories
from towpath.kernel import origin
from towpath.kernel.errors import InvalidInput, Stale
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker


def test_moved_refs_are_announced_once(hosted, listener):
    topic = hosted.branch("topic", a="1")
    synced = hosted.sync()
    assert [(change.ref, change.old, change.new) for change in synced.changes] == [
        ("refs/heads/topic", None, topic)
    ]
    hosted.sync()
    assert listener.listen() == [RefsMoved(hosted.id, synced.changes)]


def test_two_syncs_at_once_announce_once(hosted, listener):
    for number in range(5):
        hosted.branch(f"topic{number}", a=str(number))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: hosted.sync(), range(4)))
    moved = [change.ref for fact in listener.listen() for change in fact.changes]
    assert moved == [f"refs/heads/topic{number}" for number in range(5)]


def test_a_push_to_the_source_moves_the_head(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    listener.listen()
    head = hosted.branch("topic", a="2")
    hosted.sync()
    assert hosted.request().head == head
    assert listener.happened() == [("head_moved", 1)]


def test_a_landed_head_is_found_merged(hosted, listener):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    opened = hosted.open()
    landed = hosted.land(head)
    merged = hosted.request()
    assert (merged.state, merged.merged_as, merged.base) == ("merged", landed, opened.base)
    assert listener.happened() == [("opened", 1), ("merged", 1)]


def test_a_crash_between_landing_and_rows_heals(hosted, listener):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.copy.git("merge", "--quiet", "--no-ff", "--no-edit", head)
    landed = hosted.put("main")
    assert hosted.request().state == "open"
    hosted.sync()
    assert hosted.request().merged_as == landed


def test_a_deleted_source_closes_the_request(hosted, listener):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    service.update_refs(hosted.kernel, hosted.id, [RefUpdate("refs/heads/topic", head, None)])
    assert hosted.request().state == "closed"
    with pytest.raises(InvalidInput, match="no branch topic"):
        service.reopen(hosted.kernel, hosted.id, 1)


def test_refs_move_all_or_none_and_only_from_where_the_caller_saw_them(hosted):
    main = hosted.copy.sha("main")
    topic = hosted.branch("topic", a="1")
    hosted.sync()
    updates = [
        RefUpdate("refs/heads/other", None, topic),
        RefUpdate("refs/heads/main", topic, topic),
    ]
    with pytest.raises(Stale, match="refs/heads/main is at"):
        service.update_refs(hosted.kernel, hosted.id, updates)
    assert service.refs(hosted.kernel, hosted.id) == {
        "refs/heads/main": main,
        "refs/heads/topic": topic,
    }


def test_our_own_refs_move_without_a_fact(hosted, listener):
    main = hosted.copy.sha("main")
    ours = RefUpdate("refs/towpath/gate/1", None, main)
    assert service.update_refs(hosted.kernel, hosted.id, [ours]).changes == ()
    assert service.refs(hosted.kernel, hosted.id, "refs/towpath/") == {ours.ref: main}
    assert listener.listen() == []


def _push(hosted, **options):
    return replace(Push("push_1", hosted.id, "alice", trusted=False), **options)


def _admit(hosted, updates, options=(), **push):
    hosted.kernel.db.write(
        lambda tx: service.admit_push(tx, _push(hosted, **push), updates, options)
    )


def test_a_push_that_asks_for_a_request_gets_it_even_after_a_crash(hosted, listener):
    head = hosted.branch("topic", a="1")
    update = RefUpdate("refs/heads/topic", None, head)
    wish = ("merge_request.create", "merge_request.title=Better", "merge_request.description=So")
    _admit(hosted, [update], wish)
    asked_for = hosted.sync().asked_for
    assert [(one.title, one.body, one.source, one.target, one.author) for one in asked_for] == [
        ("Better", "So", "topic", "main", "alice")
    ]
    assert hosted.sync().asked_for == ()
    assert listener.happened() == [("opened", 1)]


def test_what_a_failed_push_asked_for_is_forgotten(hosted):
    head = hosted.branch("topic", a="1")
    _admit(hosted, [RefUpdate("refs/heads/never", None, head)], ["merge_request.create"])
    service.sync_refs(hosted.kernel, hosted.id, push="push_1")
    hosted.put("never", "topic")
    assert hosted.sync().asked_for == ()


def test_a_request_that_is_open_already_is_shown_again(hosted):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    opened = hosted.open()
    _admit(hosted, [RefUpdate("refs/heads/topic", head, head)], ["merge_request.create"])
    assert hosted.sync().asked_for == (opened,)


def test_a_refused_push_hears_every_reason(hosted):
    main = hosted.copy.sha("main")
    updates = [
        RefUpdate("refs/heads/main", main, None),
        RefUpdate("refs/towpath/gate/1", None, main),
        RefUpdate("refs/notes/x", None, main),
    ]
    with pytest.raises(InvalidInput) as refused:
        _admit(hosted, updates)
    told = refused.value.detail
    assert "main is protected" in told
    assert "belongs to Towpath" in told
    assert "neither a branch nor a tag" in told


def test_a_trusted_pusher_may_create_a_protected_branch_but_not_move_it(kernel, repository):
    def admit(old, new, *, trusted):
        push = Push("push_1", repository.id, "alice", trusted)
        update = RefUpdate("refs/heads/main", old, new)
        kernel.db.write(lambda tx: service.admit_push(tx, push, [update], ()))

    admit(None, "a" * 40, trusted=True)
    with pytest.raises(InvalidInput, match="protected"):
        admit(None, "a" * 40, trusted=False)
    with pytest.raises(InvalidInput, match="protected"):
        admit("a" * 40, "b" * 40, trusted=True)


def moves_of(kernel):
    """Who moved what, as it was kept for webhooks; in the order it happened."""
    kept = []
    worker = Worker(kernel.db, [Handler(kind=noting.TELL, run=kept.append)])
    worker.run_until_idle()
    found = [noting.noted(item.payload)[2] for item in kept]
    return [(getattr(one, "ref", getattr(one, "what", None)), one.by) for one in found]


@pytest.fixture
def heard(hosted):
    secrets.prepare(hosted.kernel)
    service.add_webhook(hosted.kernel, hosted.id, "https://a.example", ["*"], "", active=True)
    return hosted.kernel


def test_who_pushed_is_known_whoever_finds_that_a_ref_moved(hosted, heard):
    """Two pushes end at once: the rows of both may be written by the sync of either."""
    head = hosted.branch("topic", a="1")
    push = Push("push_1", hosted.id, "bob", trusted=False)
    update = RefUpdate("refs/heads/topic", None, head)
    heard.db.write(lambda tx: service.admit_push(tx, push, [update], ()))
    with origin.acting(origin.Origin(id="user_1", login="alice", proof="token")):
        hosted.sync()
    assert moves_of(heard) == [("refs/heads/topic", "bob")]
    service.sync_refs(heard, hosted.id, push="push_1")
    assert heard.db.read(lambda tx: repositories.movers(tx, hosted.id)) == ()


def test_what_a_push_did_to_a_request_was_done_by_who_pushed(hosted, heard):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    moves_of(heard)
    head = hosted.branch("topic", a="2")
    push = Push("push_1", hosted.id, "bob", trusted=False)
    update = RefUpdate("refs/heads/topic", hosted.request().head, head)
    heard.db.write(lambda tx: service.admit_push(tx, push, [update], ()))
    hosted.sync()
    assert moves_of(heard) == [("refs/heads/topic", "bob"), ("head_moved", "bob")]


def test_a_ref_that_a_person_moves_by_a_call_is_theirs_and_a_landing_is_ours(hosted, heard):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    moves_of(heard)
    hosted.land(head)
    assert moves_of(heard) == [("refs/heads/main", "towpath"), ("merged", "towpath")]
    with origin.acting(origin.Origin(id="user_1", login="alice", proof="token")):
        service.update_refs(heard, hosted.id, [RefUpdate("refs/heads/topic", head, None)])
    assert moves_of(heard) == [("refs/heads/topic", "alice")]
    assert heard.db.read(lambda tx: repositories.movers(tx, hosted.id)) == ()


def test_a_push_that_never_came_back_is_forgotten_in_the_end(hosted, heard, clock):
    push = Push("push_1", hosted.id, "bob", trusted=False)
    update = RefUpdate("refs/heads/topic", None, hosted.copy.sha("main"))
    heard.db.write(lambda tx: service.admit_push(tx, push, [update], ()))
    hosted.sync()
    assert heard.db.read(lambda tx: repositories.movers(tx, hosted.id)) != ()
    clock.advance(3601)
    hosted.sync()
    assert heard.db.read(lambda tx: repositories.movers(tx, hosted.id)) == ()
