"""Git's own objects, and refs that move by our rules."""

import base64

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service
from towpath.forge.service import RefUpdate


def test_git_objects(said, hosted):
    main = hosted.copy.sha("main")
    made = said("POST", REPO + "/git/refs", 201, json={"ref": "refs/heads/x", "sha": main})
    assert made["object"]["sha"] == main
    said("GET", REPO + "/git/ref/{ref}", where={"ref": "heads/x"})
    assert len(said("GET", REPO + "/git/matching-refs/{ref}", where={"ref": "heads/"})) == 2
    said("PATCH", REPO + "/git/refs/{ref}", where={"ref": "heads/x"}, json={"sha": main})
    said("DELETE", REPO + "/git/refs/{ref}", 204, where={"ref": "heads/x"})
    said("GET", REPO + "/git/commits/{commit_sha}", where={"commit_sha": main})
    path = REPO + "/git/trees/{tree_sha}"
    tree = said("GET", path, where={"tree_sha": "main"}, query="?recursive=1")
    blob = tree["tree"][0]["sha"]
    for name in (main, tree["sha"]):
        assert said("GET", path, where={"tree_sha": name})["sha"] == tree["sha"]
    told = said("GET", REPO + "/git/blobs/{file_sha}", where={"file_sha": blob})
    assert base64.b64decode(told["content"]) == b"hello\n"


def test_a_tag(said, hosted):
    hosted.copy.git("tag", "-a", "v1", "-m", "one")
    there = ("fetch", "--quiet", str(hosted.copy.path), "v1:refs/tags/v1")
    hosted.copy.git(f"--git-dir={hosted.path}", *there)
    sha = hosted.copy.sha("v1^{tag}")
    told = said("GET", REPO + "/git/tags/{tag_sha}", where={"tag_sha": sha})
    assert (told["tag"], told["message"], told["tagger"]["name"]) == ("v1", "one", "Alice")


def test_a_ref_moves_backward_by_force_alone(said, hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    path, where = REPO + "/git/refs/{ref}", {"ref": "heads/topic"}
    refused = said("PATCH", path, 422, where=where, json={"sha": main})
    assert "fast-forward" in refused["message"]
    assert said("GET", REPO + "/git/ref/{ref}", where=where)["object"]["sha"] == topic
    said("PATCH", path, where=where, json={"sha": main, "force": True})


@pytest.mark.parametrize(
    "ref",
    ["refs/towpath/gate/1", "refs/notes/x", "heads/x", "refs/heads/../x", "refs/heads/--x y",
     "refs/heads/a.lock", "refs/heads/\u202e", "HEAD", "refs/heads/\0", ""],
)  # fmt: skip
def test_a_hostile_ref_is_refused(said, hosted, ref):
    wish = {"ref": ref, "sha": hosted.copy.sha("main")}
    refused = said.served.call("POST", "/api/v3/repos/alice/boat/git/refs", json=wish)
    assert refused.status_code == 422
    assert refused.json()["message"]


def test_a_ref_to_nothing_is_refused(served, hosted):
    for sha in ("a" * 40, "main", "--all", ""):
        wish = {"ref": "refs/heads/x", "sha": sha}
        reply = served.call("POST", "/api/v3/repos/alice/boat/git/refs", json=wish)
        assert reply.status_code == 422


def test_refs_of_ours_are_not_shown(served, hosted):
    main = hosted.copy.sha("main")
    service.update_refs(hosted.kernel, hosted.id, [RefUpdate("refs/towpath/x/1", None, main)])
    git = "/api/v3/repos/alice/boat/git"
    assert served.call("GET", f"{git}/ref/towpath/x/1").status_code == 404
    assert served.call("GET", f"{git}/matching-refs/towpath").json() == []
    assert served.call("DELETE", f"{git}/refs/towpath/x/1").status_code == 404


def test_a_blob_comes_raw_too_and_never_as_a_page(served, hosted):
    blob = hosted.copy.sha("main:README")
    path = f"/api/v3/repos/alice/boat/git/blobs/{blob}"
    raw = served.call("GET", path, headers={"Accept": "application/vnd.github.raw"})
    assert raw.content == b"hello\n"
    assert raw.headers["x-content-type-options"] == "nosniff"
    tree = hosted.copy.sha("main^{tree}")
    for wrong in (tree, "a" * 40):
        reply = served.call("GET", f"/api/v3/repos/alice/boat/git/blobs/{wrong}")
        assert reply.status_code == 404
