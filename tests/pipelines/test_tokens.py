"""What a job may do on the server with the token it is given: driven from inside of jobs."""

import pytest

from towpath.kernel.access import service as access
from towpath.kernel.errors import Unauthenticated

FILE = """
on: push
permissions: {contents: read}
jobs:
  writes:
    runs-on: linux
    permissions: {statuses: write, checks: write}
    steps:
      - shell: python
        env: {TOKEN: "${{ secrets.GITHUB_TOKEN }}", URL: "${{ github.server_url }}"}
        run: |
          PROGRAM
  reads:
    runs-on: linux
    steps:
      - shell: python
        env: {TOKEN: "${{ secrets.GITHUB_TOKEN }}", URL: "${{ github.server_url }}"}
        run: |
          PROGRAM
"""
PROGRAM = """
import json, os, urllib.error, urllib.request
made = {}
def send(path, method="POST", **body):
    asked = urllib.request.Request(
        os.environ["URL"] + "/api/v3/repos/alice/boat/" + path, json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            made.update(json.load(answer))
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
sha = os.environ["GITHUB_SHA"]
print("status", send("statuses/" + sha, state="success", context="mine"))
print("check", send("check-runs", name="mine", head_sha=sha))
print("change", send(f"check-runs/{made.get('id', 1)}", "PATCH", conclusion="neutral"))
print("label", send("labels", name="mine", color="ff0000"))
print("pull", send("pulls", title="mine", head="topic", base="main"))
"""


@pytest.fixture
def logs(dock, start):
    dock.runner("--network", "host")
    program = PROGRAM.strip().replace("\n", "\n          ")
    jobs = FILE.replace("PROGRAM", program).partition("jobs:\n")
    run = start(jobs[2])
    assert dock.finished(run)["conclusion"] == "success"
    return dock.log(run, "writes"), dock.log(run, "reads")


def test_a_job_writes_what_its_file_asks_for_and_nothing_else(logs):
    writes, reads = logs
    for line in ("status 201", "check 201", "change 200", "label 403", "pull 403"):
        assert f"\n{line}\n" in writes
    for line in ("status 403", "check 403", "change 403", "label 403", "pull 403"):
        assert f"\n{line}\n" in reads


JUDGING = """
on: push
jobs:
  a: {runs-on: linux, permissions: {checks: write}, steps: [{run: a}]}
"""
CALLING = """
on: push
permissions: {statuses: write}
jobs:
  x: {uses: ./.github/workflows/called.yml}
"""
CALLED = "on: workflow_call\njobs: {a: {runs-on: linux, steps: [{run: a}]}}\n"


def scopes(canal, text, **payload):
    """What the token of a file's first job may do, without the repository's id; and the job."""
    files = {".github/workflows/ci.yml": text, ".github/workflows/called.yml": CALLED}
    canal.trigger(canal.commit(**files), key=text + str(payload), **payload)
    canal.work()
    taken = canal.claim()
    shown = taken.source.token
    caller = canal.kernel.db.read(lambda tx: access.authenticate_token(tx, shown))
    return {scope.rpartition(":")[0] for scope in caller.scopes}, taken


def test_a_token_dies_with_its_job(canal):
    found, taken = scopes(canal, JUDGING)
    assert found == {"repo:read", "checks:write"}
    canal.finish(taken)
    with pytest.raises(Unauthenticated):
        canal.kernel.db.read(lambda tx: access.authenticate_token(tx, taken.source.token))


def test_what_a_stranger_wrote_only_reads(canal):
    assert scopes(canal, JUDGING, fork=True)[0] == {"repo:read"}


def test_a_called_workflow_may_do_what_its_caller_may(canal):
    assert scopes(canal, CALLING)[0] == {"repo:read", "statuses:write"}
    assert scopes(canal, CALLING.replace("write", "read"))[0] == {"repo:read"}
