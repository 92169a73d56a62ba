"""Check suites by their numbers."""

import pytest

from tests.forge.api.github import REPO

SUITE = REPO + "/check-suites/{check_suite_id}"


@pytest.fixture
def checked(said, hosted):
    """Two checks of alice and one of bob on main; gives the number of alice's suite."""
    for name, user in (("lint", "alice"), ("test", "alice"), ("scan", "bob")):
        wish = {"name": name, "head_sha": hosted.copy.sha("main"), "conclusion": "failure"}
        made = said("POST", REPO + "/check-runs", 201, user=user, json=wish)
        if name == "test":
            number = made["check_suite"]["id"]
    return number


def test_a_suite_is_found_by_its_number_with_the_checks_of_its_author(said, hosted, checked):
    one = {"check_suite_id": checked}
    told = said("GET", SUITE, where=one)
    assert (told["id"], told["conclusion"]) == (checked, "failure")
    assert (told["app"]["slug"], told["latest_check_runs_count"]) == ("alice", 2)
    runs = said("GET", SUITE + "/check-runs", where=one)
    assert [run["name"] for run in runs["check_runs"]] == ["test", "lint"]
    by_name = said("GET", SUITE + "/check-runs", where=one, query="?check_name=lint")
    assert by_name["total_count"] == 1
    assert said.served.call("GET", "/api/v3/repos/alice/boat/check-suites/7").status_code == 404


def test_a_suite_and_a_check_are_asked_for_again_once_they_are_completed(said, hosted, checked):
    said("POST", SUITE + "/rerequest", 201, where={"check_suite_id": checked})
    made = said("GET", SUITE + "/check-runs", where={"check_suite_id": checked})["check_runs"][0]
    one, path = {"check_run_id": made["id"]}, REPO + "/check-runs/{check_run_id}"
    said("POST", path + "/rerequest", 201, where=one)
    said("PATCH", path, where=one, json={"status": "in_progress"})
    said("POST", path + "/rerequest", 422, where=one)
    refused = said.served.call(
        "POST",
        f"/api/v3/repos/alice/boat/check-suites/{checked}/rerequest",
    )
    assert (refused.status_code, "still going" in refused.json()["message"]) == (422, True)
