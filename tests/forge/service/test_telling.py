"""What every change goes through, on both stores."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.forge.service.conftest import Listener
from towpath.forge.service import telling
from towpath.kernel.errors import Stale, Unavailable


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_the_life_of_a_request_is_the_same_on_both_stores(make_kernel, host, store):
    hosted = host(make_kernel(store))
    listener = Listener(hosted.kernel)
    hosted.branch("topic", a="1")
    hosted.branch("other", b="1")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: hosted.sync(), range(4)))
        opened = list(pool.map(hosted.open, ["topic", "other"]))
    assert sorted(one.number for one in opened) == [1, 2]
    head = hosted.branch("topic", a="2")
    hosted.sync()
    hosted.land(head)
    number = opened[0].number
    assert hosted.request(number).state == "merged"
    events = [what for what, which in listener.happened() if which == number]
    assert events == ["opened", "head_moved", "merged"]


def test_a_change_that_is_always_overtaken_is_given_up_in_the_end():
    tries = []

    def overtaken():
        tries.append(1)
        raise Stale("Somebody was faster.")

    with pytest.raises(Unavailable, match="changing too fast"):
        telling.until_fresh(overtaken)
    assert len(tries) > 5
