"""Files read and written."""

import base64

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service


def test_contents(said, hosted):
    path = REPO + "/contents/{path}"
    said("GET", path, where={"path": "README"})
    said("GET", path, where={"path": ""})
    said("GET", REPO + "/readme")
    hosted.put("work")
    wish = {"message": "add", "branch": "work", "content": base64.b64encode(b"hi\n").decode()}
    made = said("PUT", path, 201, where={"path": "docs/a.txt"}, json=wish)
    sha = made["content"]["sha"]
    again = said("PUT", path, where={"path": "docs/a.txt"}, json=wish | {"sha": sha})
    sha = again["content"]["sha"]
    gone = {"message": "remove", "branch": "work", "sha": sha}
    assert (
        said("DELETE", path, where={"path": "docs/a.txt"}, query=_query(gone))["content"] is None
    )


def _query(values):
    return "?" + "&".join(f"{name}={value}" for name, value in values.items())


FILES = "/api/v3/repos/alice/boat/contents"
HELLO = base64.b64encode(b"hello again\n").decode()


def test_a_first_commit_may_be_made_by_a_maintainer_alone(served):
    served.call("POST", "/api/v3/orgs/canal/repos", json={"name": "lock"})
    path = "/api/v3/repos/canal/lock/contents/README"
    wish = {"message": "begin", "content": HELLO}
    assert served.call("PUT", path, user="bob", json=wish).status_code == 422
    assert served.call("PUT", path, json=wish).status_code == 201
    made = served.call("GET", path)
    assert base64.b64decode(made.json()["content"]) == b"hello again\n"


def test_a_protected_branch_takes_no_file(served, hosted):
    refused = served.call("PUT", f"{FILES}/new", json={"message": "x", "content": HELLO})
    assert (refused.status_code, "protected" in refused.json()["message"]) == (422, True)


def test_a_file_changes_only_from_what_was_read(served, hosted):
    hosted.put("work")
    wish = {"message": "x", "content": HELLO, "branch": "work"}
    unread = served.call("PUT", f"{FILES}/README", json=wish)
    assert (unread.status_code, '"sha"' in unread.json()["message"]) == (422, True)
    stale = served.call("PUT", f"{FILES}/README", json=wish | {"sha": "a" * 40})
    assert stale.status_code == 409
    sha = hosted.copy.sha("main:README")
    assert served.call("PUT", f"{FILES}/README", json=wish | {"sha": sha}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/x",
        "a/.GIT/config",
        "%2E%2E/x",
        "a/%2E%2E/x",
        "README/below",
        "%00",
        "a%0A/..",
        "",
    ],
)
def test_a_hostile_path_is_refused(served, hosted, path):
    hosted.put("work")
    wish = {"message": "x", "content": HELLO, "branch": "work"}
    before = service.resolve(hosted.kernel, hosted.id, "refs/heads/work")
    reply = served.call("PUT", f"{FILES}/{path}", json=wish)
    assert reply.status_code in {404, 422}
    assert service.resolve(hosted.kernel, hosted.id, "refs/heads/work") == before


@pytest.mark.parametrize(
    "wrong",
    [{"content": "%%%"}, {"content": "YQ"}, {"message": ""}, {"message": "a\0b"},
     {"branch": "--force"}, {"author": {"name": "<x>", "email": "a@b.test"}},
     {"committer": {"name": "", "email": "a@b.test"}}],
)  # fmt: skip
def test_a_wrong_word_makes_no_commit(served, hosted, wrong):
    hosted.put("work")
    wish = {"message": "x", "content": HELLO, "branch": "work"} | wrong
    reply = served.call("PUT", f"{FILES}/new", json=wish)
    assert reply.status_code == 422, reply.text


def test_a_commit_names_whom_the_caller_says(served, hosted):
    hosted.put("work")
    author = {"name": "Zoë", "email": "zoe@example.test"}
    wish = {"message": "x", "content": HELLO, "branch": "work", "author": author}
    made = served.call("PUT", f"{FILES}/new", json=wish).json()["commit"]
    assert (made["author"]["name"], made["committer"]["name"]) == ("Zoë", "alice")


def test_a_link_is_shown_and_not_followed(served, hosted):
    (hosted.copy.path / "link").symlink_to("/etc/passwd")
    hosted.copy.commit("link")
    hosted.put("work")
    told = served.call("GET", f"{FILES}/link?ref=work").json()
    assert (told["type"], told["target"]) == ("symlink", "/etc/passwd")
