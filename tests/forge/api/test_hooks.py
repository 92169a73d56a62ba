"""What the hook may ask, and who may ask it."""

import pytest

from towpath.forge.api import hooks
from towpath.forge.clients.embedded import hook
from towpath.forge.model.refs import Push

SHA = "a" * 40


@pytest.fixture
def ask(served, hosted):
    push = Push("push_1", hosted.id, "alice", trusted=False)
    token = hook.environment(served.kernel, push)["TOWPATH_PUSH"]

    def post(updates, options=(), push=token):
        question = {"push": push, "updates": updates, "options": list(options)}
        return served.call("POST", hooks.ADDRESS, user=None, json=question)

    return post


def test_a_free_branch_is_admitted(ask):
    assert ask([["0" * 40, SHA, "refs/heads/topic"]]).json() == {"admitted": True, "lines": []}


def test_each_fault_has_its_line(ask):
    told = ask([["0" * 40, SHA, "refs/heads/main"], ["0" * 40, SHA, "refs/x/\\xff"]]).json()
    assert not told["admitted"]
    assert [line.split()[0] for line in told["lines"]] == ["main", "'refs/x/\\\\xff'", "Nothing"]


def test_a_question_without_the_token_of_a_push_is_refused(ask):
    for token in ("", "x.y", "tow_abc"):
        told = ask([["0" * 40, SHA, "refs/heads/topic"]], push=token).json()
        assert (told["admitted"], "not the token" in told["lines"][0]) == (False, True)


def test_a_long_question_is_cut_off(served):
    reply = served.call("POST", hooks.ADDRESS, user=None, content=b"x" * (9 * 1024**2))
    assert reply.status_code == 413


def test_its_body_is_counted_here_and_nowhere_else():
    assert hooks.streams(hooks.ADDRESS)
    assert not hooks.streams("/api/towpath/v1/hooks")
