"""The life of a merge request and what may be said about it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.forge.model import requests
from towpath.forge.model.requests import Review, Status
from towpath.kernel.clock import Micros
from towpath.kernel.errors import Conflict, InvalidInput

HEAD, BASE = "a" * 40, "b" * 40
NOW = Micros(1_000_000)


def request(**changes):
    asked = requests.asked(
        "repo_1", title="A change", body="", author="alice", source="topic", target="main",
        head=HEAD, base=BASE, now=NOW,
    )  # fmt: skip
    return replace(asked, number=1, **changes)


def review(**changes):
    made = Review(id="review_1", author="bob", verdict="approve", head=HEAD, body="", at=NOW)
    return replace(made, **changes)


def test_a_request_begins_open_with_its_title_on_one_line():
    asked = requests.asked(
        "repo_1", title=" A\n change ", body="why", author="alice", source="topic",
        target="main", head=HEAD, base=BASE, now=NOW,
    )  # fmt: skip
    assert (asked.state, asked.title, asked.ended) == ("open", "A change", None)


def test_open_closes_and_closed_reopens():
    closed = requests.dated(requests.close(request()), Micros(5))
    assert (closed.state, closed.ended) == ("closed", 5)
    opened = requests.dated(requests.reopen(closed), Micros(9))
    assert (opened.state, opened.ended, opened.updated) == ("open", None, 9)


def test_the_end_is_dated_once():
    closed = requests.dated(request(state="merged"), Micros(5))
    assert requests.dated(closed, Micros(9)).ended == 5


@pytest.mark.parametrize(
    ("move", "state"),
    [
        (requests.close, "merged"),
        (requests.close, "closed"),
        (requests.reopen, "open"),
        (requests.reopen, "merged"),
    ],
)
def test_other_moves_are_refused(move, state):
    with pytest.raises(Conflict, match=f"is {state} and cannot be"):
        move(request(state=state))


def test_there_must_be_something_to_merge():
    assert requests.require_base("topic", "main", HEAD, BASE) == BASE
    with pytest.raises(InvalidInput, match="hold the same commits"):
        requests.require_base("topic", "main", HEAD, HEAD)
    with pytest.raises(InvalidInput, match="share no history"):
        requests.require_base("topic", "main", HEAD, None)


def test_nobody_approves_their_own():
    with pytest.raises(InvalidInput, match="Nobody approves their own"):
        requests.judged(request(), review(author="alice"))
    assert requests.judged(request(), review()).author == "bob"


@pytest.mark.parametrize("verdict", ["request_changes", "comment"])
def test_a_verdict_that_is_no_approval_needs_words(verdict):
    with pytest.raises(InvalidInput, match="text is empty"):
        requests.judged(request(), review(verdict=verdict))
    assert requests.judged(request(), review(verdict=verdict, body="why")).body == "why"


def test_what_has_ended_takes_comments_only():
    with pytest.raises(Conflict, match="is merged"):
        requests.judged(request(state="merged"), review())
    assert requests.judged(request(state="merged"), review(verdict="comment", body="thanks"))


def test_the_last_verdict_of_each_counts_and_comments_withdraw_nothing():
    said = (
        review(id="1"),
        review(id="2", author="carol"),
        review(id="3", verdict="request_changes"),
        review(id="4", author="carol", verdict="comment"),
    )
    current = requests.current_reviews(said)
    assert {who: made.id for who, made in current.items()} == {"bob": "3", "carol": "2"}


def status(state="success", **changes):
    said = Status(context="build", state=state, description="", url="", author="alice", at=NOW)
    return replace(said, **changes)


@pytest.mark.parametrize(
    ("states", "joined"),
    [
        ([], "pending"),
        (["success"], "success"),
        (["success", "pending"], "pending"),
        (["pending", "failure"], "failure"),
        (["error", "success"], "failure"),
    ],
)
def test_statuses_join_to_the_worst(states, joined):
    assert requests.worst_state(tuple(status(state) for state in states)) == joined


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://x", " https://x"]
)
def test_a_status_links_to_the_web_only(url):
    with pytest.raises(InvalidInput, match="not a web address"):
        requests.require_status(status(url=url))


@pytest.mark.parametrize("context", ["", "x" * 201, "a\0b"])
def test_a_status_needs_a_context(context):
    with pytest.raises(InvalidInput, match="context of a status"):
        requests.require_status(status(context=context))


def test_a_long_description_is_cut():
    assert len(requests.require_status(status(description="x" * 5_000)).description) == 1_000


@given(text=st.text(st.characters(codec=None)))
def test_storable_text_can_be_encoded_and_holds_no_nul(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not requests.storable(text)
    else:
        assert requests.storable(text) == ("\0" not in text)
