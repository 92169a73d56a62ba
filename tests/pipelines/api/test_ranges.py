"""Ranges of bytes."""

import pytest

from towpath.pipelines.api import ranges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=8-99", (8, 10)),
    ],
)
def test_one_range_is_read(header, expected):
    assert ranges.read(header, 10) == expected


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=a-b", "bytes=5-4", "bytes=10-", "bytes=-0", "lines=1-2"],
)
def test_what_is_not_there_is_refused(header):
    with pytest.raises(ranges.Unsatisfiable, match="10 bytes"):
        ranges.read(header, 10)
