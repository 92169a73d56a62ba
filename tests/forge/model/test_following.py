"""Merge requests follow git, decided on a history that is told, not run."""

from dataclasses import dataclass, field, replace

import pytest

from tests.forge.model.test_requests import request
from towpath.forge.model.following import Known, Synced, follow, make_plan, tell_pusher
from towpath.forge.model.refs import Intent, Mover, Pending, compare
from towpath.forge.model.requests import Repository
from towpath.kernel.clock import SECOND, Micros

HEAD, BASE, TIP, NEXT = "a" * 40, "b" * 40, "c" * 40, "d" * 40
TOPIC, MAIN = "refs/heads/topic", "refs/heads/main"
BEFORE = {TOPIC: HEAD, MAIN: TIP}
NOW = Micros(10_000 * SECOND)


@dataclass
class Told:
    """A history as a table: what came with a move, and the base of two commits."""

    with_move: dict = field(default_factory=dict)
    bases: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def arrived(self, old, new):
        self.asked.append((old, new))
        return frozenset(self.with_move.get((old, new), {new}))

    def landed_as(self, head, old, new):
        assert head in self.arrived(old, new)
        return new

    def merge_base(self, one, other):
        return self.bases.get((one, other))

    def subject(self, commit):
        return f"subject of {commit[:1]}"


def events(after, history, *open_requests, before=BEFORE):
    steps = follow(open_requests or (request(),), before, after, history)
    return [(step.event, step.after) for step in steps]


def test_nothing_moved_nothing_happens():
    assert events(BEFORE, Told()) == []


def test_a_target_that_gained_the_head_has_merged_it():
    history = Told({(TIP, NEXT): {NEXT, HEAD}})
    ((event, after),) = events({TOPIC: HEAD, MAIN: NEXT}, history)
    assert (event, after.state, after.merged_as, after.head) == ("merged", "merged", NEXT, HEAD)


def test_a_target_that_moved_otherwise_has_not():
    assert events({TOPIC: HEAD, MAIN: NEXT}, Told()) == []


def test_the_landing_counts_even_if_the_source_is_gone_or_elsewhere_by_now():
    history = Told({(TIP, NEXT): {NEXT, HEAD}})
    for after in ({MAIN: NEXT}, {MAIN: NEXT, TOPIC: BASE}):
        assert [event for event, _ in events(after, history)] == ["merged"]


def test_a_request_without_commits_of_its_own_is_never_merged():
    history = Told({(TIP, NEXT): {NEXT, HEAD}})
    empty = replace(request(), base=HEAD)
    assert events({TOPIC: HEAD, MAIN: NEXT}, history, empty) == []


def test_a_missing_end_closes():
    for after in ({MAIN: TIP}, {TOPIC: HEAD}, {}):
        assert [event for event, _ in events(after, Told())] == ["closed"]


def test_a_source_elsewhere_moves_head_and_base():
    history = Told(bases={(TIP, NEXT): TIP})
    ((event, after),) = events({TOPIC: NEXT, MAIN: TIP}, history)
    assert (event, after.head, after.base) == ("head_moved", NEXT, TIP)


def test_a_head_that_strayed_from_its_row_heals_without_any_ref_moving():
    strayed = replace(request(), head=BASE)
    history = Told(bases={(TIP, HEAD): BASE})
    assert [event for event, _ in events(BEFORE, history, strayed)] == ["head_moved"]


def test_git_is_asked_once_for_each_target():
    history = Told()
    many = [replace(request(), number=number) for number in range(50)]
    events({TOPIC: HEAD, MAIN: NEXT}, history, *many)
    assert history.asked == [(TIP, NEXT)]


def known(**changes):
    about = Repository(
        id="repo_1", owner="alice", name="boat", default_branch="main", protected=("main",),
        created=NOW, snapshot=3,
    )  # fmt: skip
    return replace(Known(about, BEFORE, (), ()), **changes)


def pending(**changes):
    wish = Intent("topic", HEAD, "main", None, "why")
    return replace(Pending("intent_1", "push_1", "alice", wish, NOW), **changes)


def plan(knows, after=BEFORE, history=None, ended=None, now=NOW):
    history = history or Told(bases={(TIP, HEAD): BASE})
    return make_plan(knows, after, history, ended=ended, now=now)


def test_what_a_push_asked_for_is_opened_once_its_branch_is_there():
    (opening,) = plan(known(pending=(pending(),))).openings
    assert (opening.request.title, opening.request.body) == ("subject of a", "why")
    assert (opening.request.head, opening.request.base) == (HEAD, BASE)


@pytest.mark.parametrize(
    ("after", "history"),
    [
        ({MAIN: TIP}, None),
        ({MAIN: TIP, TOPIC: NEXT}, None),
        ({TOPIC: HEAD}, None),
        (BEFORE, Told()),
        (BEFORE, Told(bases={(TIP, HEAD): HEAD})),
    ],
    ids=["not pushed", "pushed otherwise", "no target", "unrelated", "nothing new"],
)
def test_what_did_not_come_through_is_not_opened(after, history):
    assert plan(known(pending=(pending(),)), after, history).openings == ()


def test_an_intent_lives_until_its_push_has_ended_or_an_hour_is_over():
    knows = known(pending=(pending(),))
    assert plan(knows).settled == frozenset()
    assert plan(knows, ended="push_2").settled == frozenset()
    assert plan(knows, ended="push_1").settled == {"intent_1"}
    assert plan(knows, now=Micros(NOW + 3601 * SECOND)).settled == {"intent_1"}


def test_an_intent_that_was_fulfilled_is_not_opened_again():
    fulfilled = plan(known(pending=(pending(number=1),)), ended="push_1")
    assert (fulfilled.openings, fulfilled.settled) == ((), {"intent_1"})


def test_who_moves_a_ref_is_known_until_their_push_has_ended_or_an_hour_is_over():
    first, last = (
        Mover(f"mover_{who}", f"push_{who}", TOPIC, HEAD, who, NOW) for who in ("alice", "bob")
    )
    knows = known(movers=(first, last))
    assert knows.authors == {(TOPIC, HEAD): "bob"}
    assert plan(knows).passed == frozenset()
    assert plan(knows, ended="push_bob").passed == {"push_bob"}
    assert len(plan(knows, now=Micros(NOW + 3601 * SECOND)).passed) == 2


def test_a_plan_without_anything_is_empty():
    assert plan(known()).empty
    assert not plan(known(), {MAIN: TIP}).empty


def test_the_pusher_hears_what_became_of_it():
    synced = Synced(asked_for=(request(),), in_vain=(Intent("same", HEAD, "main", None, ""),))
    assert tell_pusher(synced, "http://x/alice/boat", "main") == [
        "Merge request 1: http://x/alice/boat/merge_requests/1",
        "No merge request for same: it has no commit that main lacks.",
    ]


def test_a_pusher_of_one_branch_is_shown_the_form_with_its_name_quoted():
    moved = Synced(changes=compare({}, {"refs/heads/fix#1/ä": HEAD}))
    (line,) = tell_pusher(moved, "http://x/a/b", "main")
    assert line.endswith("http://x/a/b/merge_requests/new?source=fix%231/%C3%A4")


@pytest.mark.parametrize("after", [{MAIN: HEAD}, {TOPIC: HEAD, "refs/heads/b": HEAD}, {}])
def test_other_pushes_hear_nothing(after):
    assert tell_pusher(Synced(changes=compare({}, after)), "http://x/a/b", "main") == []
