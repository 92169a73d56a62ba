"""What is kept for webhooks, and what nobody asked for."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from tests.forge.model.test_builds import BUILD
from tests.forge.model.test_happenings import DONE
from tests.forge.model.test_requests import status
from towpath.forge import service
from towpath.forge.model.happenings import (
    BuildMoved,
    RefMoved,
    RequestChanged,
    Reviewed,
    Said,
    StatusSet,
    check_moved,
)
from towpath.forge.service import noting
from towpath.kernel import origin
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

MOVED = RefMoved("refs/heads/topic", None, "a" * 40, "alice")


@pytest.fixture
def hook(hosted):
    secrets.prepare(hosted.kernel)
    url = "https://a.example"
    return service.add_webhook(hosted.kernel, hosted.id, url, ["create"], "", active=True)


def kept(kernel):
    lag = kernel.db.read(noting.work.lag)
    return sum(one.waiting for one in lag if one.kind == noting.TELL)


def test_what_happens_is_kept_if_a_webhook_wants_to_hear_of_it(hosted, hook):
    before = kept(hosted.kernel)
    hosted.kernel.db.write(lambda tx: noting.note(tx, hosted.id, MOVED))
    assert kept(hosted.kernel) == before + 1


def test_what_no_webhook_wants_is_not_kept(hosted, hook):
    changed = RequestChanged(1, "opened", "alice")
    hosted.kernel.db.write(lambda tx: noting.note(tx, hosted.id, changed))
    service.change_webhook(hosted.kernel, hook, active=False)
    hosted.kernel.db.write(lambda tx: noting.note(tx, hosted.id, MOVED))
    hosted.kernel.db.write(lambda tx: noting.note(tx, "repo_other", MOVED))
    assert kept(hosted.kernel) == 0


def test_of_a_push_of_many_refs_who_hears_is_asked_once(hosted, hook):
    def statements(count):
        said = []

        def write(tx):
            event.listen(tx.connection, "before_cursor_execute", lambda *_: said.append(1))
            moves = [replace(MOVED, ref=f"refs/heads/{number}") for number in range(count)]
            noting.note(tx, hosted.id, *moves)

        hosted.kernel.db.write(write)
        return len(said)

    assert statements(2) == statements(20)
    assert kept(hosted.kernel) == 22


def test_what_is_undone_is_not_told(hosted, hook):
    def fail(tx):
        noting.note(tx, hosted.id, MOVED)
        raise LookupError

    with pytest.raises(LookupError):
        hosted.kernel.db.write(fail)
    assert kept(hosted.kernel) == 0


def test_who_asked_for_a_transaction_did_it_and_nobody_means_ourselves(hosted):
    assert hosted.kernel.db.write(noting.actor) == "towpath"
    with origin.acting(origin.stranger("127.0.0.1", "", "req_1")):
        assert hosted.kernel.db.write(noting.actor) == "towpath"
        origin.identify("user_1", "bob", "token", "token_1")
        assert hosted.kernel.db.write(noting.actor) == "bob"


@pytest.mark.parametrize(
    "happened",
    [
        RefMoved("refs/heads/a", None, "a" * 40, "bob"), RequestChanged(1, "opened", "bob"),
        Reviewed(1, "review_1", dismissed=True, by="bob"), Said(1, "comment_1"),
        StatusSet("a" * 40, status()), BuildMoved(BUILD),
        check_moved([replace(DONE, annotations=({"path": "x"},))], None, DONE),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_what_is_kept_comes_out_as_it_was(hosted, hook, happened):
    service.change_webhook(hosted.kernel, hook, events=["*"])
    hosted.kernel.db.write(lambda tx: noting.note(tx, hosted.id, happened))
    items = []
    Worker(hosted.kernel.db, [Handler(kind=noting.TELL, run=items.append)]).run_until_idle()
    repository, guid, found = noting.noted(items[0].payload)
    assert (repository, found) == (hosted.id, happened)
    assert guid
