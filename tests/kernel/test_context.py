from dataclasses import FrozenInstanceError, fields

import pytest

from towpath.kernel.context import Kernel


def test_it_holds_what_one_process_knows_and_nothing_of_any_domain():
    assert [field.name for field in fields(Kernel)] == ["db", "clock", "settings", "data", "url"]


def test_nobody_changes_it_after_the_start(kernel):
    with pytest.raises(FrozenInstanceError):
        kernel.url = "http://elsewhere"
