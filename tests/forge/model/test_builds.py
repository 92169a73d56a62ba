"""What a forge knows of builds."""

from dataclasses import replace

from towpath.forge.model.builds import Build, BuildJob, BuildStep

BUILD = Build(
    id="run_1", number=3, attempt=1, workflow="ci", path=".github/workflows/ci.yml", title="Ci",
    event="push", ref="refs/heads/topic/a", sha="a" * 40, actor="alice", conclusion=None,
    created=1_700_000_000_000_000, finished=None,
)  # fmt: skip

JOB = BuildJob(
    id="job_1", build=BUILD, name="test", status="in_progress", conclusion=None, attempt=1,
    labels=("linux",), runner="deck", queued=1_700_000_000_000_000, started=1_700_000_001_000_000,
    finished=None,
    steps=(
        BuildStep(
            number=1, name="Compile", status="in_progress", conclusion=None,
            started=1_700_000_001_000_000, finished=None,
        ),
    ),
)  # fmt: skip


def test_a_build_of_a_branch_names_it():
    assert BUILD.branch == "topic/a"


def test_a_candidate_is_of_no_branch():
    assert replace(BUILD, ref="refs/towpath/gate/1").branch is None
