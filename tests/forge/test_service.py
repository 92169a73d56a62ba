"""The verbs, with real git and a real database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from towpath.facts.forge import Commented, MergeRequestChanged, RefsMoved
from towpath.forge import service
from towpath.forge.service import Push, RefUpdate
from towpath.kernel import outbox
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, Stale
from towpath.kernel.outbox import Reaction
from towpath.kernel.work.worker import Worker

FACTS = (RefsMoved, MergeRequestChanged, Commented)


class Listener:
    """Another part: hears every fact of forge, in order."""

    def __init__(self, kernel) -> None:
        self.heard = []
        self._kernel = kernel
        self._reactions = [
            Reaction(f"test.{fact.__name__}", fact, lambda _, told: self.heard.append(told.fact))
            for fact in FACTS
        ]
        kernel.db.write(lambda tx: outbox.subscribe(tx, self._reactions))

    def listen(self):
        self.heard.clear()
        Worker(self._kernel.db, outbox.handlers(self._reactions), 1).run_until_idle()
        return self.heard

    def happened(self):
        return [
            (fact.what, fact.number) for fact in self.listen() if type(fact) is MergeRequestChanged
        ]


@pytest.fixture
def listener(kernel):
    return Listener(kernel)


def test_a_repository_is_found_by_name_in_any_case(kernel, repository):
    found = kernel.db.read(lambda tx: service.find_repository(tx, "ALICE", "Boat"))
    assert found.id == repository.id
    assert found.full_name == "alice/boat"
    assert found.protected == ("main",)


def test_the_same_name_cannot_be_given_twice(kernel, repository):
    with pytest.raises(Conflict, match="exists already"):
        service.create_repository(kernel, "Alice", "BOAT")


def test_an_unknown_repository_is_not_found(kernel):
    with pytest.raises(NotFound, match="no repository x/y"):
        kernel.db.read(lambda tx: service.find_repository(tx, "x", "y"))
    with pytest.raises(NotFound):
        kernel.db.read(lambda tx: service.repository(tx, "repo_none"))


@pytest.mark.parametrize("owner", ["..", "api", "a/b", "-x", "", "a b", "x.git", "é", "a\n"])
def test_an_owner_that_is_no_path_is_refused(kernel, owner):
    with pytest.raises(InvalidInput):
        service.create_repository(kernel, owner, "boat")


def test_moved_refs_are_announced_once(hosted, listener):
    topic = hosted.branch("topic", a="1")
    synced = hosted.sync()
    assert [(change.ref, change.old, change.new) for change in synced.changes] == [
        ("refs/heads/topic", None, topic)
    ]
    hosted.sync()
    assert listener.listen() == [RefsMoved(hosted.id, synced.changes)]


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_the_life_of_a_request_is_the_same_on_both_stores(make_kernel, host, store):
    hosted = host(make_kernel(store))
    listener = Listener(hosted.kernel)
    hosted.branch("topic", a="1")
    hosted.branch("other", b="1")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: hosted.sync(), range(4)))
        opened = list(pool.map(hosted.open, ["topic", "other"]))
    assert sorted(one.number for one in opened) == [1, 2]
    head = hosted.branch("topic", a="2")
    hosted.sync()
    hosted.land(head)
    number = opened[0].number
    assert hosted.request(number).state == "merged"
    events = [what for what, which in listener.happened() if which == number]
    assert events == ["opened", "head_moved", "merged"]


def test_two_syncs_at_once_announce_once(hosted, listener):
    for number in range(5):
        hosted.branch(f"topic{number}", a=str(number))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: hosted.sync(), range(4)))
    moved = [change.ref for fact in listener.listen() for change in fact.changes]
    assert moved == [f"refs/heads/topic{number}" for number in range(5)]


def test_a_merge_request_is_opened_and_numbered(hosted, listener):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    opened = hosted.open()
    assert (opened.number, opened.state, opened.head) == (1, "open", head)
    assert opened.base == hosted.copy.sha("main")
    assert hosted.request() == opened
    assert listener.happened() == [("opened", 1)]


def test_the_same_request_cannot_be_open_twice(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    with pytest.raises(Conflict, match="Merge request 1 already"):
        hosted.open()


def test_a_branch_without_commits_of_its_own_has_nothing_to_merge(hosted):
    hosted.put("same")
    hosted.sync()
    with pytest.raises(InvalidInput, match="nothing to merge"):
        hosted.open("same")
    with pytest.raises(InvalidInput, match="no branch missing"):
        hosted.open("missing")


@pytest.mark.parametrize(
    "bad", ["--upload-pack=x", "a..b", "a\nb", "a.lock", "\ud800", "/a", "@{"]
)
def test_a_hostile_branch_name_is_refused(hosted, bad):
    with pytest.raises(InvalidInput):
        hosted.open(bad)


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


def test_a_closed_request_reopens_at_where_its_source_is_now(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.kernel.db.write(lambda tx: service.close(tx, hosted.id, 1))
    head = hosted.branch("topic", a="2")
    hosted.sync()
    assert service.reopen(hosted.kernel, hosted.id, 1).head == head
    assert listener.happened() == [("opened", 1), ("closed", 1), ("reopened", 1)]


def test_a_merged_request_neither_closes_nor_reopens(hosted):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.land(head)
    with pytest.raises(Conflict, match="is merged"):
        hosted.kernel.db.write(lambda tx: service.close(tx, hosted.id, 1))
    with pytest.raises(Conflict, match="is merged"):
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


def test_a_comment_with_a_key_is_said_once(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    listener.listen()

    def say(body):
        return hosted.kernel.db.write(
            lambda tx: service.comment(tx, hosted.id, 1, "towpath-gate", body, once="refused")
        )

    assert say("Refused.") == say("Refused again.")
    said = hosted.kernel.db.read(lambda tx: service.comments(tx, hosted.id, 1))
    assert [comment.body for comment in said] == ["Refused."]
    assert [fact.body for fact in listener.listen()] == ["Refused."]


def test_a_review_speaks_about_the_commit_that_was_seen(hosted, listener):
    seen = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.branch("topic", a="2")
    hosted.sync()
    made = hosted.kernel.db.write(
        lambda tx: service.review(tx, hosted.id, 1, "bob", "approve", head=seen)
    )
    assert made.head == seen != hosted.request().head
    assert listener.happened()[-1] == ("reviewed", 1)


def test_nobody_approves_their_own(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    with pytest.raises(InvalidInput, match="Nobody approves their own"):
        hosted.kernel.db.write(lambda tx: service.review(tx, hosted.id, 1, "alice", "approve"))


def test_a_later_status_replaces_the_earlier_of_its_context(hosted):
    sha = hosted.copy.sha()

    def say(context, state):
        hosted.kernel.db.write(lambda tx: service.set_status(tx, hosted.id, sha, context, state))

    say("build", "pending")
    say("lint", "success")
    say("build", "failure")
    said = hosted.kernel.db.read(lambda tx: service.statuses(tx, hosted.id, sha))
    assert [(status.context, status.state) for status in said] == [
        ("build", "failure"),
        ("lint", "success"),
    ]


def test_a_status_cannot_carry_a_script(hosted):
    with pytest.raises(InvalidInput, match="not a web address"):
        hosted.kernel.db.write(
            lambda tx: service.set_status(
                tx, hosted.id, "a" * 40, "x", "success", "", "javascript:alert(1)"
            )
        )


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


def test_words_can_be_edited(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    edited = hosted.kernel.db.write(
        lambda tx: service.edit(tx, hosted.id, 1, title=" New\n title ", body="why")
    )
    assert (edited.title, edited.body) == ("New title", "why")
    assert listener.happened() == [("opened", 1), ("edited", 1)]


def test_a_diff_is_rows(hosted):
    base = hosted.copy.sha()
    head = hosted.branch("topic", a="1\n")
    found = service.diff(hosted.kernel, hosted.id, base, head)
    assert [(file.path, file.status, file.additions) for file in found.files] == [
        ("a", "added", 1)
    ]
    assert found.files[0].hunks[0].rows[0].text == "1"
