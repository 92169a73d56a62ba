"""Permissions and concurrency."""

import pytest

from tests.pipelines.formats.reads import read, told
from towpath.pipelines.formats import limits
from towpath.pipelines.model.workflow import Concurrency, Permissions


@pytest.mark.parametrize(
    ("text", "scopes", "others"),
    [
        ("read-all", {}, "read"),
        ("write-all", {}, "write"),
        ("{}", {}, "none"),
        ("{contents: read, id-token: write}", {"contents": "read", "id-token": "write"}, "none"),
    ],
)
def test_permissions_may_be_written_in_every_way(text, scopes, others):
    found, reader = read(limits.permissions, text, "permissions")
    assert (found, told(reader)) == (Permissions(scopes, others), [])


def test_reading_and_writing_checks_are_granted_and_more_is_not_yet():
    _, reading = read(limits.permissions, "{contents: read, checks: none}", "permissions")
    _, writing = read(limits.permissions, "{contents: write}", "permissions")
    assert (len(reading.unrun), len(writing.unrun)) == (0, 1)
    _, judging = read(limits.permissions, "{checks: write, statuses: write}", "permissions")
    _, anything = read(limits.permissions, "write-all", "permissions")
    assert (len(judging.unrun), len(anything.unrun)) == (0, 1)


def test_a_group_may_be_text_or_a_mapping():
    assert read(limits.concurrency, "a-${{ github.ref }}", "concurrency")[0] == Concurrency(
        "a-${{ github.ref }}"
    )
    found, reader = read(
        limits.concurrency,
        "{group: g, cancel-in-progress: \"${{ github.ref != 'x' }}\", queue: max}",
        "concurrency",
    )
    assert found == Concurrency("g", "${{ github.ref != 'x' }}", "max")
    assert told(reader) == []


@pytest.mark.parametrize(
    ("reading", "text", "says"),
    [
        (limits.permissions, "read", "cannot be `read`"),
        (limits.permissions, "{content: read}", "Did you mean `contents`?"),
        (limits.permissions, "{models: write}", "cannot be `write`"),
        (limits.concurrency, "''", "may not be empty"),
        (limits.concurrency, "{queue: max}", "needs the key `group`"),
        (limits.concurrency, "{group: a, queue: some}", "cannot be `some`"),
        (limits.concurrency, "{group: a, cancel-in-progress: maybe}", "boolean"),
        (limits.concurrency, "${{ secrets.a }}", "secrets"),
    ],
)
def test_what_is_wrong_is_said(reading, text, says):
    _, reader = read(reading, text, "concurrency")
    assert any(says in message for message in told(reader)), told(reader)
