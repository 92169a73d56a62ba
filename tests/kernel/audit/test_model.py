import pytest

from towpath.kernel.audit import model
from towpath.kernel.clock import SECOND
from towpath.kernel.errors import InvalidInput
from towpath.kernel.ids import secret

DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    "name",
    [
        "password", "new_password", "client_secret", "token", "access_token", "hash",
        "private_key", "cookie", "Authorization", "api_key", "webhook_secret",
    ],
)  # fmt: skip
def test_a_value_named_like_a_secret_is_not_kept_however_deep(name):
    kept = model.kept({"about": {name: "hunter2", "more": [1]}, name: ["hunter2"]})
    assert "hunter2" not in str(kept)
    assert kept[name] == [model.NOT_KEPT] or kept[name] == model.NOT_KEPT
    assert kept["about"]["more"] == [1]


def test_whether_there_is_a_secret_may_be_kept():
    assert model.kept({"password": True, "secret": None}) == {"password": True, "secret": None}


@pytest.mark.parametrize("prefix", ["tow", "ses", "pw"])
def test_a_token_of_ours_is_not_kept_inside_a_text_either(prefix):
    raw = secret(prefix)
    kept = model.kept({"body": f"use {raw} please"})
    assert kept == {"body": f"use {model.NOT_KEPT} please"}


def test_long_values_are_cut_and_characters_no_store_keeps_are_replaced():
    kept = model.kept({"body": "x" * 10_000, "odd": "a\0b\ud800", "many": list(range(1000))})
    assert len(kept["body"]) == 500
    assert kept["odd"] == "a\ufffdb\ufffd"
    assert len(kept["many"]) == 100


def test_nothing_before_stays_nothing():
    assert model.kept(None) is None


def test_a_set_is_kept_in_order():
    assert model.kept({"scopes": frozenset({"b", "a"})}) == {"scopes": ["a", "b"]}


def test_a_day_means_its_begin_or_its_end():
    assert model.moment("1970-01-02") == DAY
    assert model.moment("1970-01-02", end=True) == 2 * DAY
    assert model.moment("1970-01-01T01:00:00+01:00") == 0
    assert model.moment("1970-01-01T00:00:01") == SECOND


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "1-1-1"])
def test_what_is_no_time_says_how_to_write_one(text):
    with pytest.raises(InvalidInput, match="2026-01-31"):
        model.moment(text, end=True)


def test_an_action_is_declared_once():
    with pytest.raises(ValueError, match=r"user\.add"):
        model.action("user.add", "again")
