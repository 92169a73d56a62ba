from dataclasses import FrozenInstanceError

import pytest


def test_it_holds_what_one_process_knows_and_cannot_be_changed(kernel, clock):
    assert kernel.data.is_dir()
    assert kernel.clock is clock
    assert kernel.db.read(lambda tx: tx.now) == clock.now()
    with pytest.raises(FrozenInstanceError):
        kernel.url = "elsewhere"
