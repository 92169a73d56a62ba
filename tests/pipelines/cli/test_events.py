"""What happened, as the command line says it."""

import json

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.cli.events import Happened, branch_of, event_of

REQUEST = {"number": 7, "pull_request": {"base": {"ref": "main"}, "head": {"ref": "topic"}}}


def test_a_word_is_the_name_of_an_event():
    assert event_of("merge_group") == Happened("merge_group")


@pytest.mark.parametrize(
    ("payload", "name", "branch"),
    [
        (REQUEST, "pull_request", "main"),
        ({"ref": "refs/heads/dev"}, "push", "dev"),
        ({"inputs": {}, "ref": "refs/heads/x"}, "workflow_dispatch", "x"),
        ({}, "push", "trunk"),
    ],
)
def test_a_file_tells_by_what_is_in_it_what_happened(tmp_path, payload, name, branch):
    file = tmp_path / "e.json"
    file.write_text(json.dumps(payload))
    happened = event_of(str(file))
    assert (happened.name, happened.payload) == (name, payload)
    assert branch_of(happened, "refs/heads/trunk") == branch


@pytest.mark.parametrize("text", ["[1]", "nonsense", "[" * 100_000])
def test_what_is_no_event_is_refused(tmp_path, text):
    file = tmp_path / "e.json"
    file.write_text(text)
    with pytest.raises(InvalidInput):
        event_of(str(file))
    with pytest.raises(InvalidInput, match="cannot be read"):
        event_of(str(tmp_path / "none.json"))
