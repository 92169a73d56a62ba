"""The page that tells how exactly we follow GitHub says what the tests find."""

import pytest

from tests.pipelines import conformance
from tests.pipelines.formats import test_reader


def test_the_page_is_what_would_be_written():
    if not test_reader.CASES:
        pytest.skip("the official reader cases are not at hand: the page was not compared")
    assert conformance.PAGE.read_text() == conformance.page(), (
        "run: python -m tests.pipelines.conformance"
    )
