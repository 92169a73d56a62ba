"""Webhooks set up, looked at and removed in a browser without scripts."""

import re

import pytest

from towpath.forge import service
from towpath.kernel.secrets import service as secrets

HOOKS = "/alice/boat/webhooks"


@pytest.fixture
def ready(served, boat):
    secrets.prepare(served.kernel)


def add(send, **form):
    given = {"url": "https://ci.example/hook", "secret": "s3cret", "events": "push", "active": "1"}
    return send(HOOKS, **given | form)


def test_an_empty_list_tells_the_next_step_and_the_form_adds_one(ready, see, send):
    assert "Nobody is told yet" in see(HOOKS)
    one = add(send).headers["location"]
    page = see(one)
    assert "https://ci.example/hook" in page
    assert "One is set; leave this empty to keep it." in page
    assert "s3cret" not in page
    assert "nothing sent yet" in see(HOOKS)


def test_it_is_changed_and_removed(ready, see, send):
    one = add(send).headers["location"]
    send(one, url="https://other.example/", events="create")
    page = see(HOOKS)
    assert "https://other.example/" in page
    assert "off" in page
    send(f"{one}/remove")
    assert "Nobody is told yet" in see(HOOKS)


def test_a_wrong_address_is_told_with_the_form_filled_in(ready, send):
    answer = add(send, url="ftp://x")
    assert answer.status_code == 422
    assert "is no address for a webhook" in answer.text


def test_a_message_is_shown_and_sent_again(ready, served, boat, see, send):
    one = add(send).headers["location"]
    hook = boat.kernel.db.read(lambda tx: service.webhooks(tx, boat.id))[0]
    message = service.Message("push", None, '{"ref": "<script>"}')
    boat.kernel.db.write(lambda tx: service.ping(tx, hook, message))
    (address,) = re.findall(rf'href="({one}/deliveries/\d+)"', see(one))
    page = see(address)
    assert "&lt;script&gt;" in page
    assert "X-GitHub-Delivery" in page
    assert send(f"{address}/again").status_code == 303
    assert "sent again" in see(one)


def test_members_have_no_business_there(ready, served, send):
    assert add(send, user="bob").status_code == 403
    page = served.call("GET", HOOKS, user="bob", headers={"Accept": "text/html"})
    assert page.status_code == 403
