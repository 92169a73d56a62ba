"""Runs of workflows in GitHub's shape, from records alone."""

from dataclasses import replace

from tests.forge.api.test_dialect import SAY
from tests.forge.model.test_builds import BUILD, JOB
from towpath.forge.api import builds, verdicts
from towpath.forge.service import Commit, Signature

ALICE = Signature("Alice", "alice@example.test", 1)
HEAD = Commit("a" * 40, "t" * 40, (), ALICE, ALICE, "work")


def test_a_run_that_goes_on_has_no_conclusion_and_one_that_ended_says_when():
    told = builds.workflow_run(SAY, BUILD, HEAD)
    assert (told["status"], told["conclusion"]) == ("queued", None)
    ended = replace(BUILD, conclusion="failure", finished=BUILD.created + 60_000_000)
    told = builds.workflow_run(SAY, ended, HEAD)
    assert (told["status"], told["conclusion"]) == ("completed", "failure")
    assert (told["created_at"], told["updated_at"]) == (
        "2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z",
    )  # fmt: skip


def test_all_runs_of_a_file_are_of_one_workflow():
    one, other = BUILD, replace(BUILD, id="run_2", sha="b" * 40)
    assert builds.workflow(SAY, one)["id"] == builds.workflow(SAY, other)["id"]
    another = replace(BUILD, path=".github/workflows/other.yml")
    assert builds.workflow(SAY, one)["id"] != builds.workflow(SAY, another)["id"]


def test_a_run_is_in_the_suite_that_its_check_is_in():
    told = builds.workflow_run(SAY, BUILD, HEAD)
    names = verdicts.suite_names(SAY, BUILD.sha, "towpath")
    assert (told["check_suite_id"], told["check_suite_url"]) == (names["id"], names["url"])


def test_a_build_that_nobody_asked_for_is_ours():
    told = builds.workflow_run(SAY, replace(BUILD, actor=""), HEAD)
    assert told["actor"]["login"] == "towpath"


def test_a_run_that_began_is_in_progress():
    told = builds.workflow_run(SAY, replace(BUILD, going=True), HEAD)
    assert (told["status"], told["conclusion"]) == ("in_progress", None)


def test_a_job_that_nobody_has_taken_names_no_runner():
    waiting = replace(JOB, status="queued", runner="", queued=None, started=None, steps=())
    told = builds.workflow_job(SAY, waiting)
    assert (told["runner_id"], told["runner_name"], told["steps"]) == (None, None, [])
    assert told["created_at"] == told["started_at"] == "2023-11-14T22:13:20Z"
