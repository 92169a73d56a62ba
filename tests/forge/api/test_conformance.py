"""Every address that is spoken answers as GitHub describes it, or differs as the docs say."""

import base64
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import reference
from tests.forge.api.deviations import AREAS, OURS, SHOWN
from tests.forge.api.github import REPO, description
from tests.forge.api.test_sealed import sealed
from tests.forge.model.test_builds import BUILD
from towpath.forge import service
from towpath.forge.api import contents
from towpath.forge.plugin import PLUGIN
from towpath.kernel.secrets import service as secrets

DOCS = Path(__file__).parents[3] / "docs/reference/github-dialect.md"
PULL = REPO + "/pulls/{pull_number}"
ISSUE = REPO + "/issues/{issue_number}"
HERE = {"pull_number": 1, "issue_number": 1}
CHANGING = {"get", "put", "post", "patch", "delete"}


def bare(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


def spoken(kernel):
    """Each method and path of the dialect, its parameters without names."""
    rows = (row for router in PLUGIN.routes(kernel) for row in reference.endpoints(router.routes))
    found = {(method, bare(path)) for method, path, *_ in rows if path.startswith("/api/v3/")}
    return {(method, path.removeprefix("/api/v3")) for method, path in found} - {
        (method.upper(), "/{}") for method in CHANGING
    }


def described():
    """What GitHub describes: method and path to its category."""
    return {
        (method.upper(), bare(path)): "{category}/{subcategory}".format(**about["x-github"])
        for path, methods in description()["paths"].items()
        for method, about in methods.items()
        if method in CHANGING and "subcategory" in about["x-github"]
    }


def table(heading):
    """The rows of a table of the docs, below its heading."""
    text = DOCS.read_text()
    rows = text[text.index(heading) :].split("\n\n")[0].split("\n")[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_the_docs_say_how_much_of_each_area_is_spoken(kernel):
    theirs = described()
    ours = Counter(theirs[each] for each in spoken(kernel) - OURS.keys())
    all_of = Counter(theirs.values())
    told = [
        [area, str(sum(ours[one] for one in parts)), str(sum(all_of[one] for one in parts))]
        for area, parts in AREAS.items()
    ]
    total = ["together", *(str(sum(int(row[at]) for row in told)) for at in (1, 2))]
    assert table("| area | spoken | described |") == [*told, total]
    assert ours.keys() <= {one for parts in AREAS.values() for one in parts}


def test_each_deviation_of_the_docs_is_shown_by_a_test():
    assert [row[0] for row in table("| what | here | why |")] == [*SHOWN]
    for shown in SHOWN.values():
        name, _, words = shown.partition(": ")
        text = (Path(__file__).parent / f"test_{name}.py").read_text()
        assert f"def test_{words.replace(' ', '_')}(" in text, shown


def test_every_address_answers_as_github_describes_it(said, opened, hosted):
    """Or it is one of OURS; what is spoken and not walked here fails."""
    sha = hosted.copy.sha("main")
    for walk in (_people, _repositories, _files, _refs, _branches, _commits, _checks, _labels):
        walk(said, sha)
    _talk(said, opened)
    _hooks(said)
    _secrets(said)
    _end(said)
    walked = {(method, bare(path)) for method, path, _ in said.seen}
    assert spoken(said.served.kernel) - walked == OURS.keys()


def _people(said, _):
    for path in ("/user", "/meta", "/rate_limit", "/user/repos", REPO + "/collaborators"):
        said("GET", path)
    bob = {"username": "bob"}
    said("GET", "/users/{username}", where=bob)
    said("GET", "/users/{username}/repos", where=bob)
    said("GET", REPO + "/collaborators/{username}", 204, where=bob)
    said("GET", REPO + "/collaborators/{username}/permission", where=bob)


def _repositories(said, _):
    said("POST", "/user/repos", 201, json={"name": "own"})
    said("POST", "/orgs/{org}/repos", 201, where={"org": "canal"}, json={"name": "lock"})
    said("GET", "/orgs/{org}/repos", where={"org": "canal"})
    said("GET", REPO)
    said("PATCH", REPO, json={"description": "floats"})
    said("DELETE", REPO, 403)


def _files(said, _):
    path, new = REPO + "/contents/{path}", {"path": "new"}
    said("GET", REPO + "/readme")
    wish = {"message": "m", "content": base64.b64encode(b"x").decode(), "branch": "topic"}
    made = said("PUT", path, 201, where=new, json=wish)
    said("GET", path, where={"path": "README"})
    gone = f"?message=m&branch=topic&sha={made['content']['sha']}"
    said("DELETE", path, where=new, query=gone)


def _refs(said, sha):
    one = {"ref": "heads/x"}
    said("POST", REPO + "/git/refs", 201, json={"ref": "refs/heads/x", "sha": sha})
    said("GET", REPO + "/git/ref/{ref}", where=one)
    said("GET", REPO + "/git/matching-refs/{ref}", where=one)
    said("PATCH", REPO + "/git/refs/{ref}", where=one, json={"sha": sha})
    said("DELETE", REPO + "/git/refs/{ref}", 204, where=one)
    said("GET", REPO + "/git/commits/{commit_sha}", where={"commit_sha": sha})
    tree = said("GET", REPO + "/git/trees/{tree_sha}", where={"tree_sha": sha})
    said("GET", REPO + "/git/blobs/{file_sha}", where={"file_sha": tree["tree"][0]["sha"]})
    said("GET", REPO + "/git/tags/{tag_sha}", 404, where={"tag_sha": sha})


def _branches(said, _):
    one, path = {"branch": "topic"}, REPO + "/branches/{branch}"
    said("GET", REPO + "/branches")
    said("GET", path, where=one)
    said("PUT", path + "/protection", where=one, json={})
    said("GET", path + "/protection", where=one)
    said("DELETE", path + "/protection", 204, where=one)


def _commits(said, sha):
    one, path = {"ref": sha}, REPO + "/commits/{ref}"
    said("POST", REPO + "/statuses/{sha}", 201, where={"sha": sha}, json={"state": "success"})
    said("GET", REPO + "/commits")
    for rest in ("", "/status", "/statuses", "/check-runs", "/check-suites"):
        said("GET", path + rest, where=one)
    said("GET", REPO + "/compare/{basehead}", where={"basehead": "main...topic"})


def _checks(said, sha):
    made = said("POST", REPO + "/check-runs", 201, json={"name": "lint", "head_sha": sha})
    one, path = {"check_run_id": made["id"]}, REPO + "/check-runs/{check_run_id}"
    said("GET", path, where=one)
    said("PATCH", path, where=one, json={"conclusion": "success"})
    said("GET", path + "/annotations", where=one)
    said("POST", path + "/rerequest", 201, where=one)
    one, path = (
        {"check_suite_id": made["check_suite"]["id"]},
        REPO + "/check-suites/{check_suite_id}",
    )
    said("GET", path, where=one)
    said("GET", path + "/check-runs", where=one)
    said("POST", path + "/rerequest", 201, where=one)


def _labels(said, _):
    one, path = {"name": "bug"}, REPO + "/labels/{name}"
    said("POST", REPO + "/labels", 201, json=one)
    said("GET", REPO + "/labels")
    said("GET", path, where=one)
    said("PATCH", path, where=one, json={"color": "ffffff"})
    for method in ("POST", "PUT"):
        said(method, ISSUE + "/labels", where=HERE, json={"labels": ["bug"]})
    said("GET", ISSUE + "/labels", where=HERE)
    said("DELETE", ISSUE + "/labels/{name}", where=HERE | one)
    said("DELETE", ISSUE + "/labels", 204, where=HERE)
    said("DELETE", path, 204, where=one)


def _talk(said, opened):
    word = said("POST", ISSUE + "/comments", 201, where=HERE, json={"body": "Hm."})
    said("GET", ISSUE + "/comments", where=HERE)
    _told(said, REPO + "/issues/comments", word)
    _reactions(said, ISSUE, HERE)
    on_line = {"commit_id": opened.head, "path": "a", "line": 1, "body": "?"}
    remark = said("POST", PULL + "/comments", 201, where=HERE, json=on_line)
    answer = PULL + "/comments/{comment_id}/replies"
    said("POST", answer, 201, where=HERE | {"comment_id": remark["id"]}, json={"body": "!"})
    said("GET", PULL + "/comments", where=HERE)
    _told(said, REPO + "/pulls/comments", remark)
    made = said("POST", PULL + "/reviews", where=HERE, user="bob", json={"event": "APPROVE"})
    one, path = HERE | {"review_id": made["id"]}, PULL + "/reviews/{review_id}"
    said("GET", PULL + "/reviews", where=HERE)
    said("GET", path, where=one)
    said("GET", path + "/comments", where=one)
    said("PUT", path + "/dismissals", where=one, json={"message": "no"})
    for rest, method, body in (
        ("", "DELETE", None), ("/events", "POST", {"event": "COMMENT", "body": "?"}),
    ):  # fmt: skip
        made = said("POST", PULL + "/reviews", where=HERE, user="bob", json={})
        one = HERE | {"review_id": made["id"]}
        said("PUT", path, where=one, user="bob", json={"body": "later"})
        said(method, path + rest, where=one, user="bob", json=body)


def _told(said, path, made):
    """A comment of either kind: read, reacted to, changed, deleted."""
    one = {"comment_id": made["id"]}
    said("GET", path)
    said("GET", path + "/{comment_id}", where=one)
    _reactions(said, path + "/{comment_id}", one)
    said("PATCH", path + "/{comment_id}", where=one, json={"body": "Oh."})
    said("DELETE", path + "/{comment_id}", 204, where=one)


def _reactions(said, path, where):
    made = said("POST", path + "/reactions", 201, where=where, json={"content": "eyes"})
    said("GET", path + "/reactions", where=where)
    gone = where | {"reaction_id": made["id"]}
    said("DELETE", path + "/reactions/{reaction_id}", 204, where=gone)


def _hooks(said):
    config = {"url": "https://a.example/x", "content_type": "json"}
    made = said("POST", REPO + "/hooks", 201, json={"config": config})
    one, path = {"hook_id": made["id"]}, REPO + "/hooks/{hook_id}"
    said("GET", REPO + "/hooks")
    said("GET", path, where=one)
    said("PATCH", path, where=one, json={"active": True})
    said("POST", path + "/pings", 204, where=one)
    said("POST", path + "/tests", 204, where=one)
    sent = said("GET", path + "/deliveries", where=one)[0]
    delivery = one | {"delivery_id": sent["id"]}
    said("GET", path + "/deliveries/{delivery_id}", where=delivery)
    said("POST", path + "/deliveries/{delivery_id}/attempts", 202, where=delivery)
    said("DELETE", path, 204, where=one)


def _secrets(said):
    secrets.prepare(said.served.kernel)
    base = REPO + "/actions/secrets"
    one, path = {"secret_name": "KEY"}, base + "/{secret_name}"
    box = sealed(said("GET", base + "/public-key"), "hunter2")
    said("PUT", path, 201, where=one, json=box)
    said("PUT", path, 204, where=one, json=box)
    said("GET", base)
    said("GET", path, where=one)
    said("DELETE", path, 204, where=one)


def _end(said):
    wish = {"title": "x", "head": "topic", "base": "main"}
    said("GET", REPO + "/pulls")
    for rest in ("", "/files", "/commits"):
        said("GET", PULL + rest, where=HERE)
    said("GET", PULL + "/merge", 404, where=HERE)
    said("PUT", PULL + "/merge", 405, where=HERE)
    said("PATCH", PULL, where=HERE, json={"state": "closed"})
    said("POST", REPO + "/pulls", 201, json=wish)


@pytest.mark.parametrize("wish", [{"archived": True}, {"visibility": "public"}])
def test_a_repository_is_not_archived_and_never_public(said, wish):
    said("PATCH", REPO, 422, json=wish)


def test_the_errors_of_a_422_are_objects_everywhere(served, opened):
    path = "/api/v3/repos/alice/boat/pulls/1/reviews"
    (error,) = served.call("POST", path, json={"event": "APPROVE"}).json()["errors"]
    assert error["code"] == "custom"


def test_there_are_no_issues(served, opened):
    assert served.call("GET", "/api/v3/repos/alice/boat/issues/1").status_code == 404
    assert served.call("GET", "/api/v3/repos/alice/boat/issues/1/comments").status_code == 200


def test_a_build_of_ours_is_told_as_a_check_run(said, hosted):
    sha = hosted.copy.sha("main")
    build = replace(BUILD, sha=sha, conclusion="success")
    ran = (build, "in words", "/runs/1")
    hosted.kernel.db.write(lambda tx: service.report_run(tx, hosted.id, *ran))
    told = said("GET", REPO + "/commits/{ref}/check-runs", where={"ref": sha})["check_runs"]
    assert [(one["app"]["slug"], one["name"]) for one in told] == [("towpath", "towpath/ci")]
    path = f"/api/v3/repos/alice/boat/check-runs/{told[0]['id']}"
    assert said.served.call("PATCH", path, json={"status": "queued"}).status_code == 403


def test_a_long_folder_is_cut(said, hosted, monkeypatch):
    monkeypatch.setattr(contents, "MOST_ENTRIES", 1)
    hosted.branch("topic", a="1\n", b="2\n")
    folder = said("GET", REPO + "/contents/{path}", where={"path": ""}, query="?ref=topic")
    assert len(folder) == 1


def test_a_large_file_is_refused(said, hosted, monkeypatch):
    monkeypatch.setattr(contents, "MOST_BYTES", 2)
    reply = said.served.call("GET", "/api/v3/repos/alice/boat/contents/README")
    assert (reply.status_code, "6 bytes" in reply.json()["message"]) == (413, True)
