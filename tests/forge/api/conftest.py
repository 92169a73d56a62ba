"""Tests of what programs speak with use the kernel of the module's server."""

import pytest

from tests.forge.api.github import Described
from tests.forge.conftest import Hosted, Served
from towpath.forge import service
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


@pytest.fixture
def boat(served, copy):
    """alice/boat with one commit on main, pushed by alice, whose copy knows it as origin."""
    made = service.create_repository(served.kernel, "alice", "boat")
    copy.git("remote", "add", "origin", served.remote())
    copy.commit("first", README="hello\n")
    copy.git("push", "--quiet", "origin", "main")
    return made
