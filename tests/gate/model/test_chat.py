"""Who may say what, and what it does."""

import pytest

from towpath.gate.model.chat import Speaker, answer, status
from towpath.gate.model.commands import Command
from towpath.gate.model.queue import Change, Refused, Request
from towpath.gate.model.views import Line

ASKED = Request(number=7, author="alice", head="a" * 40, target="main", title="Add an oar")
LINE = Line(
    number=7, branch="main", title="Add an oar", author="alice", state="queued", word="testing",
    kind="busy", sentence="Being tested on top of main.", next_step="", head="a" * 40, place=2,
)  # fmt: skip
ALICE, BOB = (Speaker(login=who, member=True, saw=ASKED.head) for who in ("alice", "bob"))
VERA = Speaker(login="vera", member=False, saw=ASKED.head)
REFUSED = Change(number=7, state="refused", head="a" * 40, refused=Refused(why="red", onto="m"))


def said(verb, by, change=None, request=ASKED):
    return answer(Command(verb, verb or "launch"), LINE, change or Change(number=7), request, by)


def test_help_lists_every_command_for_everybody():
    words = said("help", VERA).words
    assert all(f"`/{verb}`" in words for verb in ("help", "status", "wait", "approve", "retry"))


def test_an_unknown_word_is_answered_with_the_list():
    words = said(None, VERA).words
    assert words.startswith("There is no command `launch`.")
    assert "`/retry`" in words


def test_status_tells_what_the_page_tells():
    assert said("status", VERA).words == status(LINE)
    assert status(LINE) == (
        "Place 2 in the queue for `main`. **testing**: Being tested on top of main."
    )


def test_wait_and_resume_hold_it_and_let_it_go():
    held = said("wait", BOB)
    assert held.change.hold == "bob"
    free = said("resume", ALICE, held.change)
    assert (free.change.hold, free.words) == (None, "No longer held.")
    assert said("resume", ALICE).words == "Nobody holds it."


def test_an_approval_is_written_for_a_member_who_is_not_the_author():
    assert said("approve", BOB).approve
    assert not said("approve", ALICE).approve
    assert "their own" in said("approve", ALICE).words
    assert not said("approve", VERA).approve


def test_an_approval_names_the_commit_that_was_seen_and_says_when_it_is_not_the_head():
    assert said("approve", BOB).words == "bob approved aaaaaaaaaa."
    moved = Request(number=7, author="alice", head="b" * 40, target="main")
    late = said("approve", BOB, request=moved)
    assert late.words == (
        "bob approved aaaaaaaaaa. The head is bbbbbbbbbb since: look at that and say `/approve`"
        " again."
    )
    assert late.approve


def test_an_approval_of_nobody_knows_what_is_not_taken():
    given = said("approve", Speaker(login="bob", member=True, saw=None))
    assert "not known which commit" in given.words
    assert not given.approve


def test_an_author_without_a_role_may_hold_and_retry_their_own_but_not_others():
    vera_asks = Request(number=7, author="vera", head="a" * 40, target="main")
    assert said("wait", VERA, request=vera_asks).change.hold == "vera"
    assert said("wait", VERA).change.hold is None
    assert "is for members, and vera is none" in said("wait", VERA).words


def test_retry_forgets_a_refusal_and_nothing_else():
    assert said("retry", ALICE, REFUSED).change.state == "watched"
    assert said("retry", ALICE).change.state == "watched"
    assert "was not refused" in said("retry", ALICE).words


def test_a_refusal_of_an_older_head_needs_no_retry():
    moved = Request(number=7, author="alice", head="b" * 40, target="main")
    assert "was not refused as it stands now" in said("retry", ALICE, REFUSED, moved).words


@pytest.mark.parametrize("verb", ["wait", "resume", "approve", "retry"])
def test_what_is_closed_takes_no_commands(verb):
    closed = Request(number=7, author="alice", head="a" * 40, target="main", state="closed")
    given = said(verb, BOB, REFUSED, closed)
    assert given.words == f"It is closed, so `/{verb}` would change nothing."
    assert (given.change, given.approve) == (REFUSED, False)
