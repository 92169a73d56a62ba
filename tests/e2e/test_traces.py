"""One trace leads from a push to what landed, over processes, threads and rows."""

import json

import pytest

from tests.e2e.collector import collecting
from tests.kill.harness import Server
from tests.kill.people import World, password

PUSH = "POST /{owner}/{name}.git/git-receive-pack"


@pytest.fixture(scope="module")
def journey(tmp_path_factory):
    """A merge request pushed, built, approved, tested and landed while a collector listens."""
    folder = tmp_path_factory.mktemp("traces")
    with collecting() as collector:
        server = Server(folder)
        server.env["TOWPATH_OTLP_ENDPOINT"] = collector.url
        server.start()
        try:
            world = World(server, folder / "clone")
            number = world.open("deepen", {"depth": "1.6 m\n"}, "Deepen the summit pound")
            world.approve(number)
            path = f"/api/towpath/v1/repos/alice/boats/queue/{number}"
            collector.until(lambda _: world.alice.get(path)["request"]["state"] == "landed")
            collector.until(lambda spans: [s for s in spans if s.name == "job"])
        finally:
            server.stop()
        yield collector, server, world


def test_a_push_leads_to_its_facts_and_the_work_that_they_cause(journey):
    collector, _, _ = journey
    pushes = {span.trace for span in collector.spans if span.name == PUSH}
    reacted = [s for s in collector.spans if s.name.startswith("work fact:") and s.trace in pushes]
    kinds = {span.name for span in reacted}
    assert {"work fact:pipelines.refs_moved", "work fact:gate.merge_request_changed"} <= kinds
    names = [span.name for span in collector.lineage(reacted[0])]
    assert names[1].startswith("announce forge.")
    assert names[2:] == ["db.write", PUSH]


def test_one_trace_leads_from_an_approval_over_the_runners_job_to_the_landing(journey):
    collector, _, _ = journey
    [job] = [span for span in collector.spans if span.name == "job"]
    assert job.service == "towpath-runner"
    names = [span.name for span in collector.lineage(job)]
    assert "work pipelines.plan" in names
    assert "work gate.reconcile" in names
    assert names[-1] in {PUSH, "POST /api/v3/repos/{owner}/{repo}/pulls/{number}/reviews"}
    after = [s for s in collector.spans if job in collector.lineage(s) and s is not job]
    told = {span.name for span in after}
    assert "POST Wire.finish" in told
    assert {"announce pipelines.suite_finished", "work fact:gate.suite_finished"} <= told
    assert "work gate.reconcile" in told  # which moves main


def test_no_secret_and_nothing_that_people_wrote_is_in_a_trace(journey):
    collector, server, world = journey
    for secret in (
        world.alice.token, world.bob.token, server.bootstrap["token"], password("alice"),
        server.bootstrap["password"], "Deepen the summit pound", "1.6 m",
    ):  # fmt: skip
        assert secret.encode() not in collector.raw


def test_log_lines_name_the_request_and_the_trace(journey):
    collector, server, _ = journey
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line[:1] == "{"]
    requests = [line for line in lines if line["event"] == "request"]
    assert all(line["request_id"] for line in requests)
    traces = {span.trace for span in collector.spans}
    assert {line["trace_id"] for line in requests if "trace_id" in line} <= traces
    assert any(line.get("trace_id") in traces for line in requests)
