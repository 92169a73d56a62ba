"""People and repositories in GitHub's shapes, from records alone."""

import json

from towpath.forge.api import shapes
from towpath.forge.model.requests import new_repository

BOAT = new_repository("repo_1", "alice", "boat", "main", 1_700_000_000_000_000)


def test_instants_are_githubs():
    assert shapes.instant(1_700_000_000_000_000) == "2023-11-14T22:13:20Z"


def test_everything_is_json():
    for told in (shapes.repository("http://x", BOAT), shapes.user("http://x", "bob")):
        assert json.loads(json.dumps(told)) == told


def test_addresses_are_templates_below_the_repository():
    told = shapes.repository("http://x", BOAT)
    assert told["pulls_url"] == "http://x/api/v3/repos/alice/boat/pulls{/number}"
    assert told["clone_url"] == "http://x/alice/boat.git"


def test_links_are_githubs():
    assert shapes.links(self_="a", html="b") == {"self": {"href": "a"}, "html": {"href": "b"}}


def test_an_owner_is_known_by_name():
    assert shapes.association(BOAT, "Alice") == "OWNER"
    assert shapes.association(BOAT, "bob") == "COLLABORATOR"
