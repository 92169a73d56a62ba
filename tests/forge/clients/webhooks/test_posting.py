"""One POST to a stranger: private addresses, redirects, slow and endless answers."""

import json
import socket
import threading

import pytest

from tests.servers.receiver import receiver
from towpath.forge.clients.webhooks import posting
from towpath.kernel.clock import SystemClock

HEADERS = {"Content-Type": "application/json", "X-GitHub-Event": "ping"}


@pytest.fixture
def there():
    with receiver() as made:
        yield made


def post(url, *, inside=True):
    return posting.post(url, HEADERS, b"{}", SystemClock(), inside=inside)


def test_what_was_sent_and_what_came_back(there):
    there.said = b"fine \xff"
    answer = post(there.url)
    assert answer.taken
    assert (answer.status, answer.body, answer.error) == (200, "fine \ufffd", "")
    assert json.loads(answer.headers)["Content-Length"] == "6"
    assert there.got[0][1] == b"{}"
    assert there.got[0][0]["X-GitHub-Event"] == "ping"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_no_redirect_is_followed_and_only_2xx_is_taken(there, status):
    there.status, there.location = status, there.url
    answer = post(there.url)
    assert (answer.status, answer.taken, len(there.got)) == (status, False, 1)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
     "100.64.0.1", "[fe80::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001"],
)  # fmt: skip
def test_private_addresses_are_not_asked_unless_allowed(host):
    answer = post(f"http://{host}:9/x", inside=False)
    assert answer.status is None
    assert "private address" in answer.error


def test_a_name_that_leads_inside_is_not_asked_even_if_one_of_its_addresses_is_outside(
    monkeypatch,
):
    found = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(posting.Refused, match=r"10\.1\.2\.3"):
        posting.judged("both.example", 80, inside=False)


def test_it_connects_to_the_address_it_judged_not_to_a_second_answer(there, monkeypatch):
    asked = []
    look = socket.getaddrinfo

    def answer(host, *rest, **options):
        asked.append(host)
        return look("127.0.0.1" if host == "name.example" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert post(there.url.replace("127.0.0.1", "name.example")).taken
    assert asked.count("name.example") == 1


def test_nobody_there_and_no_such_name_are_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert "Connect" in post(f"http://127.0.0.1:{taken.getsockname()[1]}/").error
    assert post("http://nobody.invalid/").error


def test_one_that_never_answers_costs_only_our_patience(monkeypatch):
    monkeypatch.setattr(posting, "_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "Timeout" in post(f"http://127.0.0.1:{silent.getsockname()[1]}/").error


def test_an_endless_answer_is_cut_off(monkeypatch):
    with socket.socket() as endless:
        endless.bind(("127.0.0.1", 0))
        endless.listen()

        def flood():
            connection, _ = endless.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b"x" * 65536)
                except OSError:
                    return

        threading.Thread(target=flood, daemon=True).start()
        answer = post(f"http://127.0.0.1:{endless.getsockname()[1]}/")
    assert answer.taken
    assert len(answer.body) <= 4000
