"""How much one token may hand another."""

from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model.permissions import (
    LIMITED,
    SCOPES,
    exceeding,
    levels,
    narrowed,
    token_scopes,
)
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


LEVELS = st.builds(
    Permissions,
    st.dictionaries(st.sampled_from(list(SCOPES)), st.sampled_from(["none", "read", "write"])),
    st.sampled_from(["none", "read", "write"]),
)


@given(LEVELS, LEVELS)
def test_what_is_handed_on_is_never_more_than_either(asked, allowed):
    found = narrowed(asked, allowed)
    assert exceeding(found, allowed) == {}
    assert exceeding(found, asked) == {}
    assert levels(narrowed(asked, asked)) == levels(asked)


def test_a_token_writes_what_was_asked_for_and_never_for_strangers():
    asked = Permissions({"checks": "write", "statuses": "read", "contents": "none"})
    own = ("repo:read:r", "checks:write:r")
    assert token_scopes(asked, "r", strange=False) == own
    assert token_scopes(asked, "r", strange=True) == own[:1]
    assert token_scopes(LIMITED, "r", strange=False) == own[:1]
