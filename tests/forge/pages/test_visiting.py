"""Who may look, who may send, and what is no owner."""

import pytest

from towpath.forge.model.names import RESERVED_OWNERS
from towpath.forge.pages.visiting import Owner

BOAT = "/alice/boat"


def test_a_viewer_may_look_but_not_send(served, boat, see, send):
    assert "alice/boat" in see(BOAT, user="charlie")
    assert send(f"{BOAT}/merge_requests/new", user="charlie", source="topic").status_code == 403


def test_a_narrow_token_sees_only_its_repository(served, boat):
    for scope, status in ((f"repo:read:{boat.id}", 200), ("repo:read:other", 403)):
        token = {"Authorization": f"Bearer {served.token('alice', scope)}"}
        assert served.call("GET", BOAT, headers=token).status_code == status


def test_a_repository_that_is_not_there_is_told(served, boat):
    page = served.call("GET", "/alice/none", headers={"Accept": "text/html"})
    assert page.status_code == 404


@pytest.mark.parametrize("word", sorted(RESERVED_OWNERS))
def test_our_own_words_are_no_owners(word):
    import re

    assert not re.fullmatch(Owner.regex, word)
    assert re.fullmatch(Owner.regex, f"{word}x")
