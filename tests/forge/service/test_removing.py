"""Repositories that are deleted: at once out of sight, later cleared away, also after a crash."""

import shutil

import pytest
from sqlalchemy import func, select

from tests.forge.model.test_checks import CHECK
from towpath.facts.forge import RepositoryDeleted
from towpath.forge import loops, service
from towpath.forge.api import payloads
from towpath.forge.model.threads import require_anchor
from towpath.forge.store.tables import METADATA, REMARK, REPOSITORY
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.errors import NotFound, TemporaryError
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work import service as work


@pytest.fixture
def full(hosted):
    """A repository with something of all that one can hold."""
    kernel, db, here = hosted.kernel, hosted.kernel.db, hosted.id
    secrets.prepare(kernel)
    db.write(lambda tx: access.create_user(tx, "bob", None, Role.member))
    db.write(lambda tx: access.grant(tx, here, Role.admin, login="bob"))
    service.set_secret(kernel, service.keeper_of(hosted.repository), "KEY", "hunter2")
    service.add_webhook(kernel, here, "https://a.example", ["*"], "s3cret", active=True)
    service.edit_repository(kernel, here, name="ship")
    hosted.branch("topic", a="1\n")
    hosted.sync()
    request = hosted.open()
    anchor = require_anchor("a", "new", 1, request.head)
    service.start_thread(kernel, here, 1, "bob", "Why?", anchor)
    db.write(lambda tx: service.put_labels(tx, here, 1, ["bug"]))
    db.write(lambda tx: service.react(tx, here, "request:1", "bob", "eyes"))
    db.write(lambda tx: service.comment(tx, here, 1, "bob", "Hm."))
    db.write(lambda tx: service.add_check(tx, here, CHECK))
    return hosted


def delete(hosted):
    hosted.kernel.db.write(lambda tx: service.delete_repository(tx, hosted.id))


def held(hosted):
    """How many rows of which table still speak of the repository."""

    def count(tx):
        tables = [one for one in METADATA.sorted_tables if "repository" in one.c]
        mine = {one.name: one.c.repository == hosted.id for one in tables}
        found = {
            one.name: tx.scalar(select(func.count()).select_from(one).where(mine[one.name]))
            for one in tables
        }
        found["remark"] = tx.scalar(select(func.count()).select_from(REMARK))
        return {name: many for name, many in found.items() if many}

    return hosted.kernel.db.read(count)


def test_it_is_found_by_no_name_and_both_its_names_are_free(full, listener):
    delete(full)
    kernel = full.kernel
    assert kernel.db.read(service.repositories) == []
    for name in ("boat", "ship"):
        with pytest.raises(NotFound):
            kernel.db.read(lambda tx: service.find_repository(tx, "alice", name))  # noqa: B023
        service.create_repository(kernel, "alice", name)
    assert kernel.db.read(lambda tx: access.grants(tx, full.id)) == []
    keeper = service.keeper_of(full.repository)
    assert kernel.db.read(lambda tx: service.secrets_of(tx, keeper)) == []
    assert [one for one in listener.listen() if type(one) is RepositoryDeleted] == [
        RepositoryDeleted(full.id)
    ]
    delete(full)
    assert [one for one in listener.listen() if type(one) is RepositoryDeleted] == []


def test_what_it_held_goes_and_a_record_of_it_stays(full):
    assert {"forge_webhook", "forge_thread", "remark", "forge_check"} <= held(full).keys()
    delete(full)
    service.clear(full.kernel, full.id)
    assert held(full) == {}
    assert not full.path.exists()
    kept = full.kernel.db.read(lambda tx: service.repository(tx, full.id))
    assert (kept.full_name, kept.gone is not None) == ("alice/ship", True)
    service.clear(full.kernel, full.id)


def test_one_that_is_not_deleted_is_never_cleared(full):
    service.clear(full.kernel, full.id)
    assert full.path.exists()
    assert "forge_check" in held(full)


def test_what_could_not_be_removed_is_tried_again(full, monkeypatch):
    whole = shutil.rmtree

    def cut_short(directory, **_):
        (directory / "HEAD").unlink()
        raise OSError("killed")

    delete(full)
    monkeypatch.setattr(shutil, "rmtree", cut_short)
    with pytest.raises(TemporaryError, match="could not all be removed"):
        service.clear(full.kernel, full.id)
    monkeypatch.setattr(shutil, "rmtree", whole)
    service.clear(full.kernel, full.id)
    assert (full.path.exists(), held(full)) == (False, {})


def test_at_start_and_at_night_the_deleted_are_passed_over_and_cleared_once_more(full):
    delete(full)
    loops.heal(full.kernel)
    full.kernel.db.write(lambda tx: loops._each(tx, None))
    rows = full.kernel.db.read(lambda tx: tx.rows(select(REPOSITORY.c.gone)))
    assert [row["gone"] is not None for row in rows] == [True]
    kinds = {one.kind for one in full.kernel.db.read(work.lag)}
    assert "forge.tidy" not in kinds
    assert "forge.clear" in kinds


def test_webhooks_are_told_while_they_are_still_there(full):
    messages = payloads.render(full.kernel, full.id, payloads.Deleted("bob"))
    assert [(one.event, one.action) for one in messages] == [("repository", "deleted")]
