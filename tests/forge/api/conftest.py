"""Tests of what programs speak with use the kernel of the module's server."""

import pytest

from tests.forge.api.github import Described
from tests.forge.conftest import Hosted, Served
from towpath.forge.service import MergeRequest
from towpath.kernel.context import Kernel


@pytest.fixture
def kernel(served: Served) -> Kernel:
    return served.kernel


@pytest.fixture
def said(served: Served, hosted: Hosted) -> Described:
    """Calls the server about alice/boat and holds every answer against GitHub's description."""
    return Described(served)


@pytest.fixture
def opened(said: Described, hosted: Hosted) -> MergeRequest:
    """Merge request 1, from topic into main."""
    hosted.branch("topic", a="1\n")
    hosted.sync()
    return hosted.open()
