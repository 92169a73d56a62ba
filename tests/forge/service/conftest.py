"""Another part that hears what forge announces."""

import pytest

from towpath.facts.forge import (
    BuildsAsked,
    Commented,
    MergeRequestChanged,
    RefsMoved,
    RepositoryDeleted,
)
from towpath.kernel import outbox
from towpath.kernel.outbox import Reaction
from towpath.kernel.work.worker import Worker

FACTS = (RefsMoved, MergeRequestChanged, Commented, BuildsAsked, RepositoryDeleted)


class Listener:
    """Another part: hears every fact of forge, in order."""

    def __init__(self, kernel) -> None:
        self.heard = []
        self._kernel = kernel
        self._reactions = [
            Reaction(f"test.{fact.__name__}", fact, lambda _, told: self.heard.append(told.fact))
            for fact in FACTS
        ]
        kernel.db.write(lambda tx: outbox.subscribe(tx, self._reactions))

    def listen(self):
        self.heard.clear()
        Worker(self._kernel.db, outbox.handlers(self._reactions), 1).run_until_idle()
        return self.heard

    def happened(self):
        return [
            (fact.what, fact.number) for fact in self.listen() if type(fact) is MergeRequestChanged
        ]


@pytest.fixture
def listener(kernel):
    return Listener(kernel)
