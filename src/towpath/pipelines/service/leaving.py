"""What becomes of runs whose repository is deleted: they end, and then they are forgotten."""

from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import TemporaryError
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item
from towpath.pipelines.service.looking import forget_these
from towpath.pipelines.service.running import cancel_suite
from towpath.pipelines.store import caches
from towpath.pipelines.store import suites as suite_rows

CLEAR = "pipelines.clear"
MOST_ATTEMPTS = 1_000
_AT_ONCE = 100
_PATIENCE_SECONDS = 30.0


def leave(tx: Tx, repository: str) -> None:
    """End whatever runs or is to run in a repository, and have it all forgotten."""
    for each in suite_rows.unfinished(tx, repository):
        cancel_suite(tx, each.id)
    work.add(tx, CLEAR, {"repository": repository}, key=repository)


def clear(kernel: Kernel, item: Item) -> None:
    """Forget runs with logs, suites and caches; TemporaryError while a runner stops a job."""
    repository = item.payload["repository"]
    if kernel.db.read(lambda tx: suite_rows.unfinished(tx, repository)):
        raise TemporaryError("A runner is still stopping a job.", delay=_PATIENCE_SECONDS)
    while found := kernel.db.read(lambda tx: suite_rows.runs(tx, repository, limit=_AT_ONCE)):
        forget_these(kernel, [each.id for each in found])
    kernel.db.write(lambda tx: _forget_rest(tx, repository))


def _forget_rest(tx: Tx, repository: str) -> None:
    caches.remove(tx, caches.of_repository(tx, repository))
    suite_rows.forget_suites(tx, repository)
