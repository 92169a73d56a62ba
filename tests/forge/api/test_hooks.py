"""What the hook may ask, and who may ask it."""

import httpx2
import pytest

from towpath.forge.api import hooks
from towpath.forge.clients.embedded import hook
from towpath.forge.model.refs import Push

SHA = "a" * 40


PUSH = "push_1"


@pytest.fixture
def question(served, hosted):
    """What the hook of a push that has just begun would ask."""

    def make(updates=(("0" * 40, SHA, "refs/heads/topic"),), options=(), push=None):
        running = Push(PUSH, hosted.id, "alice", trusted=False)
        token = hook.environment(served.kernel, running)["TOWPATH_PUSH"]
        return {"push": push or token, "updates": updates, "options": list(options)}

    return make


@pytest.fixture
def door(served):
    """Asks over the hooks' own socket."""
    by = httpx2.HTTPTransport(uds=str(served.kernel.data / "hook.sock"))
    with httpx2.Client(transport=by, base_url="http://towpath", timeout=30) as client:
        yield client


@pytest.fixture
def ask(door, question):
    return lambda *args, **rest: door.post(hooks.ADDRESS, json=question(*args, **rest))


def test_a_free_branch_is_admitted(ask):
    assert ask([["0" * 40, SHA, "refs/heads/topic"]]).json() == {"admitted": True, "lines": []}


def test_each_fault_has_its_line(ask):
    told = ask([["0" * 40, SHA, "refs/heads/main"], ["0" * 40, SHA, "refs/x/\\xff"]]).json()
    assert not told["admitted"]
    assert [line.split()[0] for line in told["lines"]] == ["main", "'refs/x/\\\\xff'", "Nothing"]


def test_a_question_without_the_token_of_a_push_is_refused(ask):
    for token in ("x", "x.y", "tow_abc"):
        told = ask([["0" * 40, SHA, "refs/heads/topic"]], push=token).json()
        assert (told["admitted"], "not the token" in told["lines"][0]) == (False, True)


def test_the_token_of_a_push_is_good_for_one_question(door, question):
    asked = question()
    first, again = (door.post(hooks.ADDRESS, json=asked).json() for _ in range(2))
    assert (first["admitted"], again["admitted"]) == (True, False)
    assert "not the token of a running push" in again["lines"][0]


def test_nobody_asks_over_the_network_not_even_with_a_token(served, question):
    reply = served.call("POST", hooks.ADDRESS, user=None, json=question())
    assert reply.status_code == 404


def test_a_long_question_is_cut_off(door):
    reply = door.post(hooks.ADDRESS, content=b"x" * (9 * 1024**2))
    assert reply.status_code == 413


def test_its_body_is_counted_here_and_nowhere_else():
    assert hooks.streams(hooks.ADDRESS)
    assert not hooks.streams("/api/towpath/v1/hooks")
