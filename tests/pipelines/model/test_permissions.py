"""How much one token may hand another."""

from towpath.pipelines.model.permissions import LIMITED, SCOPES, exceeding
from towpath.pipelines.model.workflow import Permissions


def test_less_and_the_same_may_be_handed_on_and_more_may_not():
    assert exceeding(Permissions({"contents": "read"}), LIMITED) == {}
    assert exceeding(Permissions(), LIMITED) == {}
    assert exceeding(Permissions({"contents": "write", "checks": "read"}), LIMITED) == {
        "checks": "read",
        "contents": "write",
    }


def test_all_of_a_level_is_that_of_every_scope():
    assert exceeding(Permissions(others="read"), Permissions(others="write")) == {}
    assert exceeding(Permissions(others="write"), Permissions(others="read")).keys() == set(SCOPES)
