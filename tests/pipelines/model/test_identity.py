"""Claims of jobs, and which key signs them when."""

from dataclasses import replace

import pytest

from towpath.kernel.errors import Denied, InvalidInput
from towpath.pipelines.model import identity, workflow
from towpath.pipelines.model.identity import Asking, Signer
from towpath.pipelines.model.run import Job, Run
from towpath.pipelines.model.workflow import Permissions

DAY = 86_400_000_000
NOW = 100 * DAY
RUN = Run(
    id="run_1", suite="s", repository="repo_1", sha="a" * 40, ref="refs/heads/main", event="push",
    path=".towpath/workflows/ci.yml", workflow="ci", title="ci", github={"actor": "alice"},
    created=NOW,
)  # fmt: skip
SPEC = workflow.Job(id="a", name="a", line=1, permissions=Permissions({"id-token": "write"}))
JOB = Job(id="job_1", run="run_1", position=0, name="a", spec=SPEC, attempt=2)
ASKING = Asking(JOB, RUN, "alice/boat", "https://towpath.example")


def claims(asking=ASKING, audience=""):
    return identity.claims(asking, audience, "id_1", NOW)


def test_claims_are_those_that_are_trusted_of_github():
    said = claims()
    assert said["sub"] == "repo:alice/boat:ref:refs/heads/main"
    assert said["aud"] == "https://towpath.example/alice"
    assert said["iss"] == "https://towpath.example"
    assert said["workflow_ref"] == "alice/boat/.towpath/workflows/ci.yml@refs/heads/main"
    assert (said["exp"] - said["iat"], said["run_attempt"], said["actor"]) == (300, "2", "alice")
    assert said.keys() >= set(identity.discovery("i", "k")["claims_supported"])


def test_a_merge_request_is_not_taken_for_its_branch():
    asked = replace(ASKING, run=replace(RUN, event="pull_request"))
    assert claims(asked)["sub"] == "repo:alice/boat:pull_request"


def test_an_audience_is_taken_as_asked_within_reason():
    assert claims(audience="sts.example")["aud"] == "sts.example"
    for odd in ("x" * 501, "a\nb"):
        with pytest.raises(InvalidInput):
            claims(audience=odd)


@pytest.mark.parametrize("granted", [None, Permissions(), Permissions({"contents": "read"})])
def test_a_job_that_did_not_ask_for_tokens_gets_none(granted):
    job = replace(JOB, spec=replace(SPEC, permissions=granted))
    with pytest.raises(Denied, match="id-token: write"):
        identity.check(replace(ASKING, job=job))
    identity.check(ASKING)


def test_a_fork_gets_none_whatever_it_writes():
    forked = replace(RUN, github={"event": {"fork": True}})
    with pytest.raises(Denied, match="fork"):
        identity.check(replace(ASKING, run=forked))


def test_a_key_is_shown_for_a_day_before_it_signs():
    old, new = Signer("old", "", NOW - 40 * DAY), Signer("new", "", NOW)
    assert identity.signing((new, old), NOW) is old
    assert identity.signing((new, old), NOW + DAY) is new
    assert identity.signing((new,), NOW) is new


def test_keys_are_made_once_a_month_and_kept_for_three():
    keys = ()
    for month in range(5):
        now = NOW + month * 30 * DAY
        assert identity.is_due(keys, now)
        keys = identity.rotated(keys, Signer(str(month), "", now))
        assert not identity.is_due(keys, now + 29 * DAY)
    assert [each.id for each in keys] == ["4", "3", "2"]
