"""The hook as a program: what it sends, and what it makes of the answer."""

import json
import socket
import threading

import pytest

from towpath.forge.api import hooks
from towpath.forge.clients.embedded import pre_receive


class Answering:
    """A server on a unix socket that answers once."""

    def __init__(self, path, status, body):
        self.path = path
        self.heard = b""
        self._reply = f"HTTP/1.1 {status} X\r\nContent-Type: x\r\n\r\n{json.dumps(body)}".encode()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self):
        talking, _ = self._socket.accept()
        with talking:
            while b"\r\n\r\n" not in self.heard or len(self.body) < self.length:
                self.heard += talking.recv(65_536)
            talking.sendall(self._reply)

    @property
    def body(self):
        return self.heard.partition(b"\r\n\r\n")[2]

    @property
    def length(self):
        return int(self.heard.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])

    def close(self):
        self._thread.join()
        self._socket.close()


@pytest.fixture
def answering(tmp_path):
    made = []

    def make(status=200, body=None):
        made.append(Answering(tmp_path / "hook.sock", status, body))
        return made[0]

    yield make
    for one in made:
        one.close()


def environment(server, **options):
    return {"TOWPATH_PUSH": "token", "TOWPATH_HOOK_SOCKET": str(server.path)} | options


COMMANDS = b"0 1 refs/heads/a\n1 0 refs/heads/\xff b\n"


def test_the_question_holds_updates_and_options(answering):
    server = answering(body={"admitted": True, "lines": []})
    options = {"GIT_PUSH_OPTION_COUNT": "2", "GIT_PUSH_OPTION_0": "a=1", "GIT_PUSH_OPTION_1": "b"}
    assert pre_receive.ask(environment(server, **options), COMMANDS) == (True, [])
    assert json.loads(server.body) == {
        "push": "token",
        "updates": [["0", "1", "refs/heads/a"], ["1", "0", "refs/heads/\\xff b"]],
        "options": ["a=1", "b"],
    }
    assert server.heard.startswith(f"POST {hooks.ADDRESS} HTTP/1.0\r\n".encode())


def test_a_refusal_is_passed_on(answering):
    server = answering(body={"admitted": False, "lines": ["no"]})
    assert pre_receive.ask(environment(server), COMMANDS) == (False, ["no"])


@pytest.mark.parametrize("admitted", [None, "yes", 1])
def test_only_a_plain_yes_admits(answering, admitted):
    server = answering(body={"admitted": admitted, "lines": []})
    assert not pre_receive.ask(environment(server), COMMANDS)[0]


def test_an_error_of_the_server_admits_nothing(answering):
    server = answering(status=500, body={})
    with pytest.raises(ValueError, match="500"):
        pre_receive.ask(environment(server), COMMANDS)


def test_a_terminal_is_not_steered(capsys):
    pre_receive.say("red \x1b[31m and \r back \u202e")
    assert capsys.readouterr().err == "red ?[31m and ? back ?\n"


def test_both_ends_know_the_same_address():
    assert pre_receive.ADDRESS == hooks.ADDRESS
