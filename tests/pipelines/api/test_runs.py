"""Runs and logs for programs."""

import json

import pytest
from starlette.testclient import TestClient

from tests.pipelines.docks import PARTS
from towpath.kernel.access import service as access
from towpath.kernel.http.app import create_app
from towpath.pipelines import service
from towpath.pipelines.plugin import PLUGIN

FILE = ".towpath/workflows/ci.yml"
TEXT = "name: Ci\non: push\njobs:\n  a: {runs-on: linux, steps: [{name: One, run: echo}]}\n"
API = "/api/towpath/v1"


@pytest.fixture
def web(canal):
    def make(tx):
        access.create_user(tx, "bob", None, access.Role.member)
        return access.create_token(tx, "bob", "t")[1]

    token = canal.kernel.db.write(make)
    with TestClient(create_app(canal.kernel, PARTS), "http://towpath.test") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def run(canal):
    sha = canal.commit(**{FILE: TEXT})
    suites = [canal.trigger(sha, key=f"k{n}") for n in range(3)]
    canal.work()
    return canal.runs(suites[0])[0]


def test_runs_are_listed_by_repository_and_page_by_page(web, run):
    first = web.get(f"{API}/runs?repository=alice/boat&limit=2")
    assert [len(first.json()), first.json()[0]["workflow"]] == [2, "Ci"]
    link = first.headers["link"].split(">")[0].strip("<")
    rest = web.get(link)
    assert [found["id"] for found in rest.json()] == [run.id]
    assert "link" not in rest.headers
    assert len(web.get(f"{API}/runs?sha={run.sha}").json()) == 3
    assert web.get(f"{API}/runs?sha={'0' * 40}").json() == []
    assert web.get(f"{API}/runs?repository=no/body").status_code == 404


def test_a_run_shows_jobs_and_steps(canal, web, run):
    canal.claim()
    found = web.get(f"{API}/runs/{run.id}").json()
    (job,) = found["jobs"]
    assert (found["state"], job["state"], job["runner"]) == ("running", "running", "one")
    assert [step["name"] for step in job["steps"]] == ["One"]
    assert found["url"].endswith(f"/runs/{run.id}")


def test_a_cancel_is_known_by_name_and_only_once(web, run):
    first = web.post(f"{API}/runs/{run.id}/cancel")
    assert (first.status_code, first.json()["cancelled_by"]) == (202, "bob")
    again = web.post(f"{API}/runs/{run.id}/cancel")
    assert again.status_code == 409
    assert again.json()["next_step"]


@pytest.mark.parametrize(
    ("wanted", "status", "body", "shown"),
    [
        (None, 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, None),
        ("bytes=4-2", 416, None, None),
        ("lines=1-2", 416, None, None),
        ("bytes=-", 416, None, None),
    ],
)
def test_a_log_is_given_whole_or_in_part(canal, web, run, wanted, status, body, shown):
    taken = canal.claim()
    job = canal.kernel.db.read(lambda tx: service.job(tx, taken.job))
    service.append_log(canal.kernel, job, 0, b"0123456789")
    answer = web.get(f"{API}/jobs/{taken.job}/log", headers={"Range": wanted} if wanted else {})
    assert answer.status_code == status
    assert answer.headers.get("content-range") == shown
    if body is not None:
        assert answer.content == body


def test_a_log_that_has_not_begun_is_empty(canal, web, run):
    job = next(iter(canal.jobs(run.suite).values()))
    assert web.get(f"{API}/jobs/{job.id}/log").content == b""


def test_a_stream_of_a_finished_job_comes_to_its_end(canal, web, run):
    taken = canal.claim()
    job = canal.kernel.db.read(lambda tx: service.job(tx, taken.job))
    service.append_log(canal.kernel, job, 0, b"one\n\x1b[31mtwo\x1b[0m <b>\nhalf")
    canal.finish(taken)
    text = web.get(f"{API}/jobs/{taken.job}/log/stream").text
    assert "data: one\n" in text
    assert "id: 25\n" in text or "id: 26\n" in text
    assert text.rstrip().endswith("event: end\ndata:") or "event: end" in text
    shown = web.get(f"{API}/jobs/{taken.job}/log/stream?as=html&from=4").text
    assert 'id="L2"' in shown
    assert '<span class="fg-red">two</span> &lt;b&gt;' in shown


def test_nobody_reads_without_a_name(web, run):
    for path in ("/runs", f"/runs/{run.id}"):
        assert web.get(f"{API}{path}", headers={"Authorization": ""}).status_code == 401


def test_everything_is_described(web):
    paths = json.loads(web.get("/openapi.json").text)["paths"]
    assert f"{API}/runs/{{run}}/cancel" in paths
    assert PLUGIN.streams(f"{API}/runner/claim")
    assert not PLUGIN.streams(f"{API}/runs")
