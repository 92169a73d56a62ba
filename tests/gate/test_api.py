"""The queue as programs read it."""

import pytest
from starlette.testclient import TestClient

from towpath.forge.plugin import PLUGIN as FORGE
from towpath.gate.plugin import PLUGIN as GATE
from towpath.kernel import builtin
from towpath.kernel.access import service as access
from towpath.kernel.http.app import create_app
from towpath.pipelines.plugin import PLUGIN as PIPELINES

QUEUE = "/api/towpath/v1/repos/alice/boat/queue"


@pytest.fixture
def web(lock):
    token = lock.kernel.db.write(lambda tx: access.create_token(tx, "vera", "test"))[1]
    parts = (builtin.PLUGIN, FORGE, PIPELINES, GATE)
    with TestClient(create_app(lock.kernel, parts), "http://towpath.test") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def test_the_queue_lists_those_in_line_then_those_watched_then_those_that_ended(lock, web):
    landed = lock.request("oar", {"oar": "x\n"})
    lock.approve(landed)
    lock.until_quiet()
    waiting, watched = lock.request("sail", {"sail": "x\n"}), lock.request("rope", {"rope": "x\n"})
    lock.approve(waiting)
    lock.work()
    answer = web.get(QUEUE).json()
    assert answer["repository"] == "alice/boat"
    assert [(r["number"], r["state"], r["place"]) for r in answer["requests"]] == [
        (waiting, "queued", 1),
        (watched, "watched", None),
        (landed, "landed", None),
    ]
    last = answer["requests"][-1]
    assert last["landed"] == lock.main
    assert last["ended"]
    assert last["refused"] is None


def test_a_refusal_tells_why_on_which_commit_and_where_the_log_is(lock, web):
    number = lock.request("bad", {"bad": "x\n"})
    lock.approve(number)
    lock.until_quiet()
    (request,) = web.get(QUEUE).json()["requests"]
    assert request["refused"]["why"] == "red"
    assert request["refused"]["onto"] == lock.main
    assert request["run"].startswith("run_")


def test_decisions_can_be_read_in_order(lock, web):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.until_quiet()
    answer = web.get(f"{QUEUE}/{number}").json()
    assert [made["do"] for made in answer["decisions"]] == [
        "Admit",
        "MakeCandidate",
        "StartSuite",
        "Land",
        "Landed",
    ]
    assert answer["decisions"][-1]["tip"] == answer["request"]["landed"]


def test_an_unchanged_queue_costs_a_304(web):
    tag = web.get(QUEUE).headers["etag"]
    assert web.get(QUEUE, headers={"If-None-Match": tag}).status_code == 304


def test_what_is_not_there_is_not_found_and_strangers_are_turned_away(web):
    assert web.get(QUEUE.replace("boat", "barge")).status_code == 404
    assert web.get(f"{QUEUE}/99").status_code == 404
    del web.headers["Authorization"]
    assert web.get(QUEUE).status_code == 401
