"""What is an address, an event, a signature; when we stop."""

import dataclasses

import pytest

from towpath.forge.model import webhooks
from towpath.forge.model.webhooks import Answer, Webhook
from towpath.kernel.errors import InvalidInput

HOOK = Webhook(
    id="webhook_1", handle=1, repository="repo_1", url="https://a.example/x", events=("push",),
    active=True, failures=0, stopped="", created=0, updated=0,
)  # fmt: skip


def test_it_wants_what_it_asked_for_and_pings():
    assert HOOK.wants("push")
    assert HOOK.wants("ping")
    assert not HOOK.wants("create")
    assert dataclasses.replace(HOOK, events=("*",)).wants("create")
    assert not dataclasses.replace(HOOK, active=False).wants("push")
    assert not dataclasses.replace(HOOK, stopped="why").wants("push")


def test_a_signature_is_the_documented_one():
    """The example of docs.github.com, "Validating webhook deliveries"."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert webhooks.signature("It's a Secret to Everybody", b"Hello, World!") == expected


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://a.example:8080/x?y=1", "http://[::1]:3/"]
)
def test_an_address_to_send_to(url):
    assert webhooks.require_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a", "https://", "https://u:p@a.example/", "https://a.example/a b", "//a", "a",
     "https://a.example/\r\nX: y", "https://a.example/" + "x" * 2000, "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address(url):
    with pytest.raises(InvalidInput):
        webhooks.require_url(url)


def test_events_are_known_ones():
    assert webhooks.require_events(("push", "*", "push")) == ("*", "push")
    for wrong in ((), ("star",)):
        with pytest.raises(InvalidInput):
            webhooks.require_events(wrong)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("93.184.216.34", False), ("2606:4700::1111", False), ("10.0.0.1", True), ("::1", True),
        ("::ffff:10.0.0.1", True), ("fe80::1%eth0", True), ("224.0.0.1", True), ("0.0.0.0", True),
    ],
)  # fmt: skip
def test_inside_is_whatever_is_not_the_open_internet(address, inside):
    assert webhooks.is_inside(address) == inside


def test_after_many_failures_in_a_row_we_stop_and_say_why():
    assert webhooks.after_failure(HOOK) == (1, "")
    last = dataclasses.replace(HOOK, failures=webhooks.MOST_FAILURES - 1)
    failures, reason = webhooks.after_failure(last)
    assert failures == webhooks.MOST_FAILURES
    assert "in a row" in reason


def test_only_an_answer_of_success_is_taken():
    answer = Answer(status=204, headers="", body="", error="", seconds=0.1, at=1)
    assert answer.taken
    assert not dataclasses.replace(answer, status=301).taken
    assert not dataclasses.replace(answer, status=None, error="gone").taken
    assert not webhooks.unsent(1).taken
