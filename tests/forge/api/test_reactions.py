"""Pictures on what was said."""

import pytest

from tests.forge.api.github import REPO


def test_comments_and_reactions(said, opened):
    there = REPO + "/issues/{issue_number}/comments"
    made = said("POST", there, 201, where={"issue_number": 1}, json={"body": "Hm."})
    said("GET", there, where={"issue_number": 1})
    said("GET", REPO + "/issues/comments")
    one = {"comment_id": made["id"]}
    path = REPO + "/issues/comments/{comment_id}"
    said("GET", path, where=one)
    changed = said("PATCH", path, where=one, json={"body": "Oh."})
    assert changed["body"] == "Oh."
    like = said("POST", path + "/reactions", 201, where=one, json={"content": "+1"})
    said("POST", path + "/reactions", 200, where=one, json={"content": "+1"})
    said("GET", path + "/reactions", where=one)
    gone = one | {"reaction_id": like["id"]}
    said("DELETE", path + "/reactions/{reaction_id}", 204, where=gone)
    said("DELETE", path, 204, where=one)
    said("GET", path, 404, where=one)
    on = REPO + "/issues/{issue_number}/reactions"
    said("POST", on, 201, where={"issue_number": 1}, json={"content": "rocket"})
    said("GET", on, where={"issue_number": 1})


def test_a_reaction_is_taken_back_by_who_gave_it(served, said, opened):
    on, here = REPO + "/issues/{issue_number}/reactions", {"issue_number": 1}
    made = said("POST", on, 201, where=here, json={"content": "heart"})
    path = f"/api/v3/repos/alice/boat/issues/1/reactions/{made['id']}"
    assert served.call("DELETE", path, user="bob").status_code == 403
    assert served.call("DELETE", path).status_code == 204
    assert said("GET", on, where=here) == []


@pytest.mark.parametrize("content", ["", "thumbsup", "x" * 10_000, "\0"])
def test_there_are_only_a_few_reactions(served, opened, content):
    path = "/api/v3/repos/alice/boat/issues/1/reactions"
    assert served.call("POST", path, json={"content": content}).status_code == 422
