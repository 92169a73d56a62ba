import pytest

from towpath.kernel import health
from towpath.kernel.health import Check, disk, worst


def check(state):
    return Check(name="c", state=state, words="w")


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ((), "good"),
        (("good", "neutral"), "neutral"),
        (("waiting", "good"), "waiting"),
        (("waiting", "bad", "good"), "bad"),
    ],
)
def test_a_whole_is_as_its_worst_part(states, whole):
    assert worst(check(state) for state in states) == whole


@pytest.mark.parametrize(
    ("free", "state", "words"),
    [
        (10**12, "good", "1.0 TB are free"),
        (10**9, "waiting", "1.0 GB are free: that is little"),
        (10**6, "bad", "1.0 MB are free: new pushes are refused"),
    ],
)
def test_a_disk_is_judged_by_what_is_free(monkeypatch, tmp_path, free, state, words):
    monkeypatch.setattr(health, "free_bytes", lambda _: free)
    told = disk(tmp_path)
    assert (told.state, told.words) == (state, words)
    assert bool(told.next_step) == (state != "good")
