"""Ranges of versions, and which of those that are there they mean."""

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.model import versions

THERE = ("2.7.18", "3.6.15", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0", "3.14.0rc2")


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ("3", "3.13.0"), ("3.x", "3.13.0"), ("3.12", "3.12.1"), ("3.12.x", "3.12.1"),
        ("3.12.1", "3.12.1"), ("v3.12.1", "3.12.1"), ("=3.12.1", "3.12.1"), ("3.12.2", None),
        (">=3.9 <3.13", "3.12.1"), (">=3.9, <3.12", "3.11.7"), ("<3.10", "3.9.18"),
        ("<=3.10", "3.10.13"), (">3.12", "3.13.0"), (">3.13", None), ("~3.10", "3.10.13"),
        ("~3.10.1", "3.10.13"), ("^3.9.1", "3.13.0"), ("3.9 - 3.11", "3.11.7"),
        ("2.7 || 3.6", "3.6.15"), ("*", "3.13.0"), ("", "3.13.0"), ("3.14", None),
        ("3.14.0-alpha - 3.14", "3.14.0rc2"), ("~3.14.0-0", "3.14.0rc2"), ("^0.2.3", None),
        (">= 3.11", "3.13.0"), ("4", None),
    ],
)  # fmt: skip
def test_the_newest_that_lies_in_the_range(wanted, best):
    assert versions.best(wanted, THERE) == best


def test_what_comes_before_a_release_is_taken_only_when_asked():
    assert versions.best("3.14", THERE, early=True) == "3.14.0rc2"
    assert versions.best(">=3.13", THERE) == "3.13.0"
    assert versions.version("3.14.0rc2") < versions.version("3.14.0")
    assert versions.version("3.14.0a9") < versions.version("3.14.0rc2")


def test_a_leading_zero_keeps_what_follows_it():
    there = ("0.2.3", "0.2.9", "0.3.0", "1.0.0")
    assert versions.best("^0.2.3", there) == "0.2.9"
    assert versions.best("^0.2", there) == "0.2.9"
    assert versions.best("^0", there) == "0.3.0"


@pytest.mark.parametrize("wanted", ["three", "3.12; rm", "3..1", ">=", "9" * 300, "<< 3"])
def test_what_is_no_range_is_told(wanted):
    with pytest.raises(InvalidInput, match="no range of versions"):
        versions.in_range(wanted)
