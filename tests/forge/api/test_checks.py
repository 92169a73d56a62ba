"""Check runs and suites."""

import pytest

from tests.forge.api.github import REPO


def test_checks(said, hosted):
    sha = hosted.copy.sha("main")
    wish = {"name": "lint", "head_sha": sha, "status": "in_progress"}
    made = said("POST", REPO + "/check-runs", 201, json=wish)
    path, one = REPO + "/check-runs/{check_run_id}", {"check_run_id": made["id"]}
    said("GET", path, where=one)
    suites = REPO + "/commits/{ref}/check-suites"
    assert said("GET", suites, where={"ref": sha})["check_suites"][0]["status"] == "in_progress"
    output = {"title": "Clean", "summary": "Nothing found", "annotations": [ANNOTATION]}
    done = {"conclusion": "success", "output": output}
    assert said("PATCH", path, where=one, json=done)["status"] == "completed"
    said("GET", path + "/annotations", where=one)
    runs = said("GET", REPO + "/commits/{ref}/check-runs", where={"ref": "main"})
    assert (runs["total_count"], runs["check_runs"][0]["conclusion"]) == (1, "success")
    assert said("GET", suites, where={"ref": sha})["check_suites"][0]["conclusion"] == "success"


ANNOTATION = {
    "path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice",
    "message": "m", "title": "t", "raw_details": None, "blob_href": "https://x.test/a",
    "start_column": None, "end_column": None,
}  # fmt: skip


def test_a_check_that_is_done_says_how(said, hosted):
    wish = {"name": "lint", "head_sha": hosted.copy.sha("main"), "status": "completed"}
    reply = said.served.call("POST", "/api/v3/repos/alice/boat/check-runs", json=wish)
    assert (reply.status_code, "conclusion" in reply.json()["message"]) == (422, True)


def test_a_check_is_changed_by_its_author_alone(said, hosted):
    wish = {"name": "lint", "head_sha": hosted.copy.sha("main")}
    made = said("POST", REPO + "/check-runs", 201, json=wish)
    path = f"/api/v3/repos/alice/boat/check-runs/{made['id']}"
    assert said.served.call("PATCH", path, user="bob", json={}).status_code == 403


def test_a_check_that_begins_again_has_no_conclusion(said, hosted):
    wish = {"name": "lint", "head_sha": hosted.copy.sha("main"), "conclusion": "failure"}
    made = said("POST", REPO + "/check-runs", 201, json=wish)
    assert made["completed_at"]
    path, one = REPO + "/check-runs/{check_run_id}", {"check_run_id": made["id"]}
    again = said("PATCH", path, where=one, json={"status": "in_progress"})
    assert (again["conclusion"], again["completed_at"]) == (None, None)


def test_the_latest_of_each_name_is_shown(said, hosted):
    sha = hosted.copy.sha("main")
    for conclusion in ("failure", "success"):
        wish = {"name": "lint", "head_sha": sha, "conclusion": conclusion}
        said("POST", REPO + "/check-runs", 201, json=wish)
    path, where = REPO + "/commits/{ref}/check-runs", {"ref": sha}
    latest = said("GET", path, where=where)
    assert [one["conclusion"] for one in latest["check_runs"]] == ["success"]
    assert said("GET", path, where=where, query="?filter=all")["total_count"] == 2
    assert said("GET", path, where=where, query="?check_name=other")["total_count"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"head_sha": "a" * 40}, {"head_sha": "--all"}, {"name": ""}, {"name": "x" * 300},
     {"status": "maybe"}, {"details_url": "javascript:alert(1)"}, {"external_id": "\0"},
     {"started_at": "2026-01-01T00:00:00"}, {"started_at": "yesterday"}],
)  # fmt: skip
def test_a_wrong_check_is_refused(served, hosted, wrong):
    wish = {"name": "lint", "head_sha": hosted.copy.sha("main")} | wrong
    reply = served.call("POST", "/api/v3/repos/alice/boat/check-runs", json=wish)
    assert reply.status_code == 422, reply.text
