"""Shapes of remarks where git has nothing more to say."""

from dataclasses import dataclass

from tests.forge.model.test_requests import request
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.lines import Lines
from towpath.forge.model.requests import new_repository
from towpath.forge.model.threads import Anchor, Remark, Thread
from towpath.forge.service import Diff, Placed

BOAT = new_repository("repo_1", "alice", "boat", "main", 1_700_000_000_000_000)


@dataclass(frozen=True)
class Server:
    url: str = "http://x"


@dataclass(frozen=True)
class Call:
    """What `Lines` needs of a call."""

    kernel: Server
    about: object
    say: Dialect


def told(line, **about):
    anchor = Anchor(path="a", side="new", line=3, commit="c" * 40)
    remark = Remark(id="remark_1", author="bob", body="Why?", at=1_700_000_000_000_000, **about)
    thread = Thread(id="thread_1", anchor=anchor, remarks=(remark,), resolved_by=None)
    call = Call(Server(), BOAT, Dialect("http://x", BOAT))
    return Lines(call, request(), Diff((), 0, 0, 0), [Placed(thread, line)]).all()["remark_1"]


def test_a_page_s_remark_whose_commit_is_gone_has_no_line_and_no_excerpt():
    one = told(None)
    assert (one["line"], one["position"], one["diff_hunk"]) == (None, None, "")
    assert one["commit_id"] == one["original_commit_id"] == "c" * 40


def test_a_line_outside_today_s_diff_is_still_a_line():
    one = told(4)
    assert (one["line"], one["position"], one["commit_id"]) == (4, None, request().head)


def test_an_edit_shows_by_its_time():
    one = told(3, edited=1_700_000_060_000_000)
    assert (one["created_at"], one["updated_at"]) == (
        "2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z",
    )  # fmt: skip
    assert one["html_url"] == "http://x/alice/boat/merge_requests/1#remark_1"
