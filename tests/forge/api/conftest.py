"""Tests of what programs speak with use the kernel of the module's server."""

import pytest

from tests.forge.conftest import Served
from towpath.kernel.context import Kernel


@pytest.fixture
def kernel(served: Served) -> Kernel:
    return served.kernel
