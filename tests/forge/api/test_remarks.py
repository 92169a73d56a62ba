"""Comments on lines of a diff, as programs for GitHub make them."""

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service

PULL = REPO + "/pulls/{pull_number}"
HERE = {"pull_number": 1}
ONE = REPO + "/pulls/comments/{comment_id}"
TEN = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture
def change(said, hosted):
    """Merge request 1: README says another word, and a file of ten lines is new."""
    hosted.branch("topic", README="hello\nworld\n", a=TEN)
    hosted.sync()
    return hosted.open()


@pytest.fixture
def speak(said, change):
    def do(status=201, *, user="bob", **wish):
        place = {"body": "Why?", "commit_id": change.head, "path": "a", "line": 5}
        return said("POST", PULL + "/comments", status, where=HERE, user=user, json=place | wish)

    return do


def push(hosted, text):
    hosted.copy.git("checkout", "--quiet", "topic")
    hosted.copy.commit("more", a=text)
    hosted.put("topic")
    hosted.sync()


def test_a_comment_on_a_line_is_made_listed_changed_and_deleted(said, speak, change):
    made = speak()
    assert (made["path"], made["line"], made["side"], made["position"]) == ("a", 5, "RIGHT", 5)
    assert made["commit_id"] == made["original_commit_id"] == change.head
    assert made["diff_hunk"].split("\n")[0] == "@@ -0,0 +1,10 @@"
    assert made["diff_hunk"].endswith("\n+line 5")
    one = {"comment_id": made["id"]}
    assert said("GET", ONE, where=one) == made
    assert said("GET", PULL + "/comments", where=HERE) == [made]
    assert said("GET", REPO + "/pulls/comments") == [made]
    assert said("GET", PULL, where=HERE)["review_comments"] == 1
    assert said("PATCH", ONE, where=one, user="bob", json={"body": "How?"})["body"] == "How?"
    said("DELETE", ONE, 204, where=one, user="bob")
    said("GET", ONE, 404, where=one)
    assert said("GET", PULL + "/comments", where=HERE) == []


def test_it_is_the_discussion_of_our_page(served, speak, hosted):
    speak(body="**Why?**", start_line=3)
    page = served.call("GET", "/alice/boat/merge_requests/1").text
    assert "<strong>Why?</strong>" in page
    assert "About lines 3 to 5." in page
    (thread,) = hosted.kernel.db.read(lambda tx: service.threads(tx, hosted.id, 1))
    assert (thread.anchor.line, thread.remarks[0].author) == (5, "bob")


def test_what_began_on_our_page_is_told_as_well(served, said, change, hosted):
    def begin(side, line, path):
        form = {"path": path, "side": side, "line": line, "body": "Why?"}
        commit = change.head if side == "new" else change.base
        place = "/alice/boat/merge_requests/1/threads"
        sent = served.call("POST", place, data=form | {"commit": commit}, follow_redirects=False)
        assert sent.status_code == 303

    begin("new", 2, "a")
    begin("old", 1, "README")
    new, old = said("GET", PULL + "/comments", where=HERE)
    assert (new["line"], new["side"], new["diff_hunk"][-7:]) == (2, "RIGHT", "+line 2")
    assert (old["line"], old["side"], old["diff_hunk"][-6:]) == (1, "LEFT", " hello")
    assert old["commit_id"] == change.head


def test_a_comment_belongs_to_a_review_only_if_it_came_with_it(speak):
    assert speak()["pull_request_review_id"] is None


def test_a_removed_line_of_a_renamed_file_has_its_old_name(said, hosted):
    hosted.copy.commit("ten", a=TEN)
    hosted.put("main")
    hosted.copy.git("checkout", "--quiet", "-B", "moved")
    hosted.copy.git("mv", "a", "b")
    hosted.copy.commit("moved", b=TEN.replace("line 5\n", ""))
    head = hosted.put("moved")
    hosted.sync()
    hosted.open("moved")
    wish = {"commit_id": head, "path": "b", "side": "LEFT", "line": 5, "body": "Gone?"}
    made = said("POST", PULL + "/comments", 201, where=HERE, json=wish)
    assert (made["path"], made["line"], made["diff_hunk"][-7:]) == ("a", 5, "-line 5")


def test_answers_stand_behind_what_they_answer(said, speak):
    made = speak()
    reply = PULL + "/comments/{comment_id}/replies"
    where = HERE | {"comment_id": made["id"]}
    first = said("POST", reply, 201, where=where, json={"body": "Because."})
    second = speak(body="Oh.", in_reply_to=first["id"], line=None, path="none")
    assert first["in_reply_to_id"] == second["in_reply_to_id"] == made["id"]
    assert (second["path"], second["line"]) == ("a", 5)
    said("DELETE", ONE, 204, where={"comment_id": made["id"]}, user="bob")
    left = said("GET", PULL + "/comments", where=HERE)
    assert [one["body"] for one in left] == ["Because.", "Oh."]


def test_an_old_program_counts_from_the_top(speak):
    assert speak(line=None, position=7)["line"] == 7
    removed = speak(path="README", line=None, position=1)
    assert (removed["line"], removed["side"]) == (1, "RIGHT")


def test_a_line_that_moved_is_followed_and_one_that_changed_is_outdated(said, speak, hosted):
    made = speak(start_line=4)
    push(hosted, "new first\n" + TEN)
    (moved,) = said("GET", PULL + "/comments", where=HERE)
    assert (moved["line"], moved["start_line"], moved["original_line"]) == (6, 5, 5)
    assert moved["commit_id"] == hosted.request().head != moved["original_commit_id"]
    push(hosted, TEN.replace("line 5", "line five"))
    path = f"/api/v3/repos/alice/boat/pulls/comments/{made['id']}"
    gone = said.served.call("GET", path).json()
    assert (gone["line"], gone["position"], gone["original_line"]) == (None, None, 5)
    assert gone["commit_id"] == gone["original_commit_id"]


def test_a_review_brings_its_comments(said, change, hosted):
    wish = {"event": "COMMENT", "comments": [
        {"path": "a", "line": 2, "side": "RIGHT", "body": "Two."},
        {"path": "README", "position": 2, "body": "World?"},
    ]}  # fmt: skip
    made = said("POST", PULL + "/reviews", where=HERE, user="bob", json=wish)
    one = HERE | {"review_id": made["id"]}
    told = said("GET", PULL + "/reviews/{review_id}/comments", where=one)
    assert [each["body"] for each in told] == ["Two.", "World?"]
    assert {each["pull_request_review_id"] for each in told} == {made["id"]}
    assert [each["line"] for each in told] == [2, 2]
    said("GET", PULL + "/reviews/{review_id}/comments", 404, where=HERE | {"review_id": 7})


def test_a_review_whose_comment_has_no_place_is_not_given_at_all(said, change, hosted):
    wish = {"event": "APPROVE", "comments": [{"path": "a", "line": 99, "body": "?"}]}
    reviews = "/api/v3/repos/alice/boat/pulls/1/reviews"
    assert said.served.call("POST", reviews, user="bob", json=wish).status_code == 422
    assert hosted.kernel.db.read(lambda tx: service.reviews(tx, hosted.id, 1)) == ()


@pytest.mark.parametrize(
    "wish",
    [
        {"line": 11}, {"line": 0}, {"path": "none"}, {"path": "../a"}, {"side": "LEFT"},
        {"line": None}, {"line": None, "position": 99}, {"commit_id": "b" * 40},
        {"commit_id": "--all"}, {"body": " "}, {"body": "\0"}, {"start_line": 5},
        {"start_line": 3, "start_side": "LEFT"}, {"subject_type": "file", "path": "none"},
        {"path": None},
        {"line": 2**70},
    ],
)  # fmt: skip
def test_what_has_no_place_in_the_diff_is_refused(speak, wish):
    speak(422, **wish)


def test_a_viewer_reads_and_what_another_said_is_changed_by_maintainers(served, speak):
    speak(403, user="charlie")
    mine = f"/api/v3/repos/alice/boat/pulls/comments/{speak(user='alice')['id']}"
    assert served.call("GET", mine, user="charlie").status_code == 200
    assert served.call("PATCH", mine, user="bob", json={"body": "x"}).status_code == 403
    assert served.call("DELETE", mine, user="bob").status_code == 403
    theirs = f"/api/v3/repos/alice/boat/pulls/comments/{speak()['id']}"
    assert served.call("DELETE", theirs).status_code == 204


def test_lists_are_sorted_and_cut_as_github_does(said, speak):
    for line in (1, 2, 3):
        speak(line=line)
    first = said("GET", REPO + "/pulls/comments")[0]
    said("PATCH", ONE, where={"comment_id": first["id"]}, user="bob", json={"body": "New."})

    def lines(query):
        return [one["line"] for one in said("GET", REPO + "/pulls/comments", query=query)]

    assert lines("?sort=created") == [3, 2, 1]
    assert lines("?sort=updated") == [1, 3, 2]
    assert lines("?sort=updated&direction=asc") == [2, 3, 1]
    assert lines("?per_page=2&page=2") == [3]
    assert lines("?since=2099-01-01T00:00:00Z") == []
    zoneless = "/api/v3/repos/alice/boat/pulls/comments?since=2099-01-01T00:00:00"
    assert said.served.call("GET", zoneless).status_code == 422


def test_a_comment_of_another_repository_is_not_found_here(served, speak):
    made = speak()
    service.create_repository(served.kernel, "alice", "other")
    path = f"/api/v3/repos/alice/other/pulls/comments/{made['id']}"
    assert served.call("GET", path).status_code == 404
    assert served.call("DELETE", path).status_code == 404


def test_people_react_to_comments_on_lines(said, speak):
    there = ONE + "/reactions"
    where = {"comment_id": speak()["id"]}
    made = said("POST", there, 201, where=where, json={"content": "eyes"})
    assert said("GET", there, where=where) == [made]
    one = there + "/{reaction_id}"
    said("DELETE", one, 204, where=where | {"reaction_id": made["id"]})


def test_a_comment_on_a_whole_file_has_no_line_and_outlives_other_commits(served, change, hosted):
    path = "/api/v3/repos/alice/boat/pulls/1/comments"
    wish = {"body": "Split it?", "commit_id": change.head, "path": "a", "subject_type": "file"}
    made = served.call("POST", path, user="bob", json=wish)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["subject_type"], told["line"], told["position"]) == ("file", None, None)
    push(hosted, "another\n")
    (listed,) = served.call("GET", path).json()
    assert (listed["id"], listed["commit_id"]) == (told["id"], change.head)
    answer = served.call("POST", f"{path}/{told['id']}/replies", json={"body": "Later."}).json()
    assert (answer["in_reply_to_id"], answer["subject_type"]) == (told["id"], "file")
    page = served.call("GET", "/alice/boat/merge_requests/1").text
    assert "Split it?" in page
    assert "the whole file" in page
    assert "outdated" not in page


def test_a_review_may_hold_comments_on_whole_files(served, change):
    on_file = {"path": "README", "body": "Why?", "subject_type": "file"}
    path = "/api/v3/repos/alice/boat/pulls/1/reviews"
    made = served.call("POST", path, user="bob", json={"comments": [on_file]}).json()
    told = served.call("GET", f"{path}/{made['id']}/comments", user="bob").json()
    assert [(one["path"], one["subject_type"]) for one in told] == [("README", "file")]
