"""Snapshots, and what a push may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.facts.forge import RefChange
from towpath.forge.model import refs
from towpath.forge.model.refs import RefUpdate
from towpath.kernel.errors import InvalidInput

A, B = "a" * 40, "b" * 40
SNAPSHOTS = st.dictionaries(st.sampled_from(["r/1", "r/2", "r/3"]), st.sampled_from([A, B]))


def test_what_moved_is_told_in_order():
    before = {"r/gone": A, "r/moved": A, "r/same": A}
    after = {"r/moved": B, "r/new": A, "r/same": A}
    assert refs.compare(before, after) == (
        RefChange("r/gone", A, None),
        RefChange("r/moved", A, B),
        RefChange("r/new", None, A),
    )


@given(before=SNAPSHOTS, after=SNAPSHOTS)
def test_changes_lead_from_one_snapshot_to_the_other(before, after):
    now = dict(before)
    for change in refs.compare(before, after):
        assert now.get(change.ref) == change.old
        if change.new:
            now[change.ref] = change.new
        else:
            del now[change.ref]
    assert now == after


def refused(ref, old=None, new=A, *, trusted=False):
    return refs.refusals([RefUpdate(ref, old, new)], protected=("main",), trusted=trusted)


@pytest.mark.parametrize("ref", ["refs/heads/topic", "refs/heads/feature/main", "refs/tags/v1"])
def test_branches_and_tags_are_free(ref):
    assert refused(ref) == refused(ref, A, B) == refused(ref, A, None) == ()


@pytest.mark.parametrize(
    "ref", ["refs/towpath/gate/1", "refs/notes/x", "refs/pull/1/head", "HEAD", "refs/stash", "x"]
)
def test_other_namespaces_are_not(ref):
    assert len(refused(ref, trusted=True)) == 1


def test_a_protected_branch_is_created_by_trusted_pushers_alone():
    assert refused("refs/heads/main", trusted=True) == ()
    assert "main is protected" in refused("refs/heads/main")[0]


@pytest.mark.parametrize("new", [B, None])
def test_a_protected_branch_is_moved_by_nobody(new):
    assert (
        "git push -o merge_request.create" in refused("refs/heads/main", A, new, trusted=True)[0]
    )


def test_a_deletion_that_claims_there_was_nothing_is_still_a_deletion():
    assert "main is protected" in refused("refs/heads/main", None, None, trusted=True)[0]


def test_a_bad_name_may_be_deleted_but_not_made():
    assert "begins with a dash" in refused("refs/heads/-x")[0]
    assert refused("refs/heads/-x", A, None) == ()


def test_a_push_of_very_many_refs_is_refused_whole():
    many = [RefUpdate(f"refs/heads/b{number}", None, A) for number in range(5_001)]
    assert refs.refusals(many, protected=(), trusted=True) == (
        "5001 refs in one push are too many. Push 5000 at a time.",
    )


TOPIC = RefUpdate("refs/heads/topic", None, A)


def test_a_push_without_options_asks_for_nothing():
    assert refs.intents([], [TOPIC], "main") == ()


def test_options_describe_the_request():
    options = [
        "merge_request.create",
        "merge_request.title=A = B",
        "merge_request.description=one\\ntwo",
        "merge_request.target=release",
    ]
    (wish,) = refs.intents(options, [TOPIC], "main")
    assert (wish.source, wish.head, wish.target) == ("topic", A, "release")
    assert (wish.title, wish.description) == ("A = B", "one\ntwo")


def test_each_branch_but_the_target_gets_its_own():
    updates = [
        TOPIC,
        RefUpdate("refs/heads/main", None, A),
        RefUpdate("refs/heads/gone", A, None),
        RefUpdate("refs/tags/v1", None, A),
        RefUpdate("refs/heads/other", None, B),
    ]
    asked = refs.intents(["merge_request.create"], updates, "main")
    assert [wish.source for wish in asked] == ["topic", "other"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["merge_request.title=x"], "do not ask for one"),
        (["merge_request.create=yes"], "is not a push option"),
        (["ci.skip"], "is not a push option"),
        (["merge_request.create", "merge_request.target=--all"], "begins with a dash"),
        (["merge_request.create", "merge_request.target=a..b"], "check-ref-format"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, told):
    with pytest.raises(InvalidInput, match=told):
        refs.intents(options, [TOPIC], "main")
