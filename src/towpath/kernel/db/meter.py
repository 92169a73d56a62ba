"""What writing costs, for /metrics: how long writers wait, and how long commits take."""

from collections.abc import Callable, Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10)


class Meter(Collector):
    """One per database object; `waiting` says how many writers wait right now."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._waits = Histogram(
            "towpath_db_wait_seconds", "From the call to the begin of its transaction.",
            buckets=_SECONDS, registry=None,
        )  # fmt: skip
        self._commits = Histogram(
            "towpath_db_commit_seconds", "From begin to a durable commit, which many may share.",
            buckets=_SECONDS, registry=None,
        )  # fmt: skip
        self._writes = Counter(
            "towpath_db_writes", "Transactions asked for, committed or not.", registry=None
        )
        self._repeats = Counter(
            "towpath_db_repeats", "Transactions run again after a collision.", registry=None
        )

    def waited(self, seconds: float) -> None:
        self._waits.observe(seconds)

    def committed(self, writes: int, seconds: float) -> None:
        self._writes.inc(writes)
        self._commits.observe(seconds)

    def repeated(self) -> None:
        self._repeats.inc()

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "towpath_db_writes_waiting", "Writers that wait for their turn.", self._waiting()
        )
        for each in (self._waits, self._commits, self._writes, self._repeats):
            yield from each.collect()
