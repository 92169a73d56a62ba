"""The wire: who may speak, what is refused, and that waiting costs no thread."""

import json
import threading
import time

import pytest

from tests.pipelines.docks import until
from towpath.kernel.access import service as access
from towpath.pipelines import service
from towpath.pipelines.api import runner

PREFIX = "/api/towpath/v1/runner"
LEASE = "l" * 40
JOB = "  a:\n    runs-on: linux\n    steps: [{run: echo}]\n"
CLAIM = json.dumps({"runner": "r", "labels": ["linux"]}).encode()


@pytest.fixture
def token(dock):
    def make(tx):
        access.ensure_system_user(tx, service.RUNNER_USER, "The runner")
        return access.create_token(tx, service.RUNNER_USER, "t", scopes=("runner",))[1]

    return dock.kernel.db.write(make)


@pytest.fixture
def ask(dock, token):
    def send(what, body=b"", method="POST", lease=LEASE, token=token):
        path = what if what.startswith("/") else f"{PREFIX}/{what}"
        return dock.call(method, path, body, token=token, Towpath_Lease=lease)

    return send


@pytest.fixture
def taken(start, ask):
    start(JOB)
    status, body = ask("claim", CLAIM)
    assert status == 200, body
    return json.loads(body)


def test_a_job_is_handed_out_complete(taken):
    assert taken["spec"]["steps"][0]["run"] == "echo"
    assert taken["source"]["path"] == "/alice/boat.git"
    assert taken["github"]["repository"] == "alice/boat"
    assert taken["lease"] == LEASE


def test_a_claim_waits_for_a_job_and_gets_it_at_once(start, ask):
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(ask("claim", CLAIM)))
    waiting.start()
    threading.Event().wait(0.5)
    start(JOB)
    waiting.join(60)
    ((status, _),) = answers
    assert status == 200, "not the 204 of a claim that waited in vain"


def test_fifty_waiting_runners_take_no_threads(dock, ask, monkeypatch):
    waits = _CountedWaits(runner.rung)
    monkeypatch.setattr(runner, "rung", waits)
    before = threading.active_count()
    waiting = [
        threading.Thread(target=ask, args=("claim", CLAIM), kwargs={"lease": f"{n:040}"})
        for n in range(50)
    ]
    for each in waiting:
        each.start()
    until(lambda: waits.now == len(waiting))
    # Those of the clients, and the pool in which tokens are looked up, which has at most 40.
    assert threading.active_count() - before - len(waiting) <= 41
    dock._app.state.stopping.set()
    for each in waiting:
        each.join(30)
    assert waits.now == 0


class _CountedWaits:
    """How many coroutines wait for a bell; counted on their one event loop."""

    def __init__(self, rung):
        self.now = 0
        self._rung = rung

    async def __call__(self, *arguments):
        self.now += 1
        try:
            return await self._rung(*arguments)
        finally:
            self.now -= 1


def test_a_log_is_appended_by_offset_and_answers_with_its_length(dock, ask, taken):
    path = f"jobs/{taken['job']}/log"
    assert json.loads(ask(f"{path}?offset=0", b"hello ", "PUT")[1])["length"] == 6
    assert json.loads(ask(f"{path}?offset=3", b"lo you\n", "PUT")[1])["length"] == 10
    assert json.loads(ask(f"{path}?offset=99", b"x", "PUT")[1])["length"] == 10
    assert dock.call("GET", f"/api/towpath/v1/jobs/{taken['job']}/log")[1] == b"hello you\n"


def test_finishing_twice_is_finishing_once(dock, ask, taken):
    body = json.dumps({"conclusion": "success"}).encode()
    assert ask(f"jobs/{taken['job']}/finish", body)[0] == 200
    assert ask(f"jobs/{taken['job']}/finish", body)[0] == 200
    assert ask(f"jobs/{taken['job']}/finish", body, lease="o" * 40)[0] == 409


def test_a_cancel_answers_the_heartbeat_at_once(dock, ask, taken):
    answers = []
    beat = threading.Thread(
        target=lambda: answers.append((ask(f"jobs/{taken['job']}/heartbeat"), time.time()))
    )
    beat.start()
    threading.Event().wait(0.5)
    dock.call("POST", f"/api/towpath/v1/runs/{taken['run']}/cancel", b"")
    asked = time.time()
    beat.join(20)
    (status, body), answered = answers[0]
    assert (status, json.loads(body)["cancel"]) == (200, True)
    assert answered - asked < 2


@pytest.mark.parametrize("what", ["log?offset=0", "steps", "heartbeat", "finish"])
def test_another_lease_is_refused_with_409(ask, taken, what):
    method = "PUT" if what.startswith("log") else "POST"
    body = {"steps": b'{"steps": []}', "finish": b'{"conclusion": "success"}'}.get(what, b"")
    assert ask(f"jobs/{taken['job']}/{what}", body, method, lease="x" * 40)[0] == 409


@pytest.mark.parametrize(
    ("what", "body", "lease", "status"),
    [
        ("claim", b"{", LEASE, 422),
        ("claim", b'{"runner": 1}', LEASE, 422),
        ("claim", CLAIM, "short", 422),
        ("claim", b"x" * 3_000_000, LEASE, 413),
        ("jobs/none/heartbeat", b"", LEASE, 404),
    ],
)
def test_what_makes_no_sense_is_refused(ask, what, body, lease, status):
    assert ask(what, body, lease=lease)[0] == status


@pytest.mark.parametrize("offset", ["", "-1", "x", "9" * 30])
def test_an_offset_must_be_one(ask, taken, offset):
    assert ask(f"jobs/{taken['job']}/log?offset={offset}", b"x", "PUT")[0] in {413, 422}


def test_only_runners_may_speak(dock, ask):
    assert ask("claim", CLAIM, token="tow_nobody")[0] == 401
    assert ask("claim", CLAIM, token=dock.token)[0] == 403

    def viewer(tx):
        access.create_user(tx, "vera", None, access.Role.viewer)
        return access.create_token(tx, "vera", "t", scopes=("runner",))[1]

    assert ask("claim", CLAIM, token=dock.kernel.db.write(viewer))[0] == 403


def test_a_runner_that_waits_gets_no_job_once_its_token_or_its_holders_role_is_gone(
    dock, ask, start, monkeypatch
):
    waits = _CountedWaits(runner.rung)
    monkeypatch.setattr(runner, "rung", waits)
    answers = {}

    def add(tx, login):
        access.create_user(tx, login, None, access.Role.maintainer)
        return access.create_token(tx, login, "t", scopes=("runner",))

    tokens = {
        login: dock.kernel.db.write(lambda tx: add(tx, login))  # noqa: B023 - called at once
        for login in ("ann", "bob")
    }

    def wait(login):
        answers[login] = ask("claim", CLAIM, token=tokens[login][1], lease=login * 14)[0]

    waiting = [threading.Thread(target=wait, args=(login,)) for login in tokens]
    for each in waiting:
        each.start()
    until(lambda: waits.now == len(waiting))
    dock.kernel.db.write(lambda tx: access.revoke_token(tx, "ann", tokens["ann"][0]))
    dock.kernel.db.write(lambda tx: access.set_role(tx, "bob", access.Role.member))
    start(JOB)
    for each in waiting:
        each.join(60)
    assert answers == {"ann": 401, "bob": 403}
    assert ask("claim", CLAIM)[0] == 200


def test_the_files_of_an_action_are_for_whoever_holds_the_job(ask, taken):
    path = f"jobs/{taken['job']}/action?uses=one/tool@{'1' * 40}"
    status, body = ask(path, method="GET")
    assert status == 403
    assert "not among the actions that may be used" in json.loads(body)["detail"]
    assert ask(path, method="GET", lease="m" * 40)[0] == 409
    assert ask(f"jobs/{taken['job']}/action?uses=nonsense", method="GET")[0] == 422
