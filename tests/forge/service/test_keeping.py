"""Secrets of a repository and of an owner: who holds which, what they may be called."""

import pytest

from towpath.forge import service
from towpath.forge.service import keeping
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.errors import Conflict, InvalidInput, NotFound
from towpath.kernel.secrets import service as secrets


@pytest.fixture
def boat(hosted):
    secrets.prepare(hosted.kernel)
    return service.keeper_of(hosted.kernel.db.read(lambda tx: service.repository(tx, hosted.id)))


@pytest.fixture
def owner(hosted, boat):
    return hosted.kernel.db.read(lambda tx: service.owner_as_keeper(tx, "Alice"))


def names(kernel, keeper):
    return [each.name for each in kernel.db.read(lambda tx: service.secrets_of(tx, keeper))]


def test_a_repository_and_its_owner_hold_secrets_of_the_same_name_apart(kernel, boat, owner):
    service.set_secret(kernel, boat, "KEY", "mine")
    service.set_secret(kernel, owner, "KEY", "ours")
    kernel.db.write(lambda tx: service.remove_secret(tx, boat, "KEY"))
    assert (names(kernel, boat), names(kernel, owner)) == ([], ["KEY"])
    ring = secrets.load(kernel)
    assert kernel.db.read(lambda tx: secrets.get(tx, ring, owner.id, "KEY")).reveal() == "ours"


def test_a_name_is_kept_in_capitals_however_it_is_written(kernel, boat):
    service.set_secret(kernel, boat, "deploy_Key", "one")
    service.set_secret(kernel, boat, "DEPLOY_KEY", "two")
    assert names(kernel, boat) == ["DEPLOY_KEY"]
    kernel.db.write(lambda tx: service.remove_secret(tx, boat, "deploy_key"))
    assert names(kernel, boat) == []


@pytest.mark.parametrize(
    "name", ["", "1KEY", "_KEY", "A-B", "github_token", "KEY ", "Ä", "A" * 101]
)
def test_a_name_that_no_workflow_could_read_is_refused(kernel, boat, name):
    with pytest.raises(InvalidInput, match="could not read a secret called"):
        service.set_secret(kernel, boat, name, "x")


def test_there_are_only_so_many_but_those_there_are_can_be_set_anew(kernel, boat, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_SECRETS", 2)
    for name in ("A", "B", "A"):
        service.set_secret(kernel, boat, name, "x")
    with pytest.raises(Conflict, match="alice/boat has 2 secrets"):
        service.set_secret(kernel, boat, "C", "x")


def test_an_owner_without_a_repository_is_a_slip(kernel, boat):
    with pytest.raises(NotFound, match="owns no repository"):
        kernel.db.read(lambda tx: service.owner_as_keeper(tx, "alcie"))


def test_the_audit_log_names_the_repository_and_never_the_value(kernel, boat):
    service.set_secret(kernel, boat, "KEY", "hunter2")
    service.set_secret(kernel, boat, "KEY", "hunter3")
    kernel.db.write(lambda tx: service.remove_secret(tx, boat, "KEY"))
    found = kernel.db.read(lambda tx: audit.search(tx, Search(subject="secret:alice/boat/KEY")))
    assert [(each.action, (each.before or {}).get("existed")) for each in found] == [
        ("secret.remove", None),
        ("secret.set", True),
        ("secret.set", False),
    ]
    assert "hunter" not in repr(found)


def test_a_job_gets_its_owners_secrets_and_the_repositorys_own_before_them(hosted, boat, owner):
    kernel = hosted.kernel
    service.set_secret(kernel, owner, "BOTH", "ours")
    service.set_secret(kernel, owner, "OURS", "1")
    service.set_secret(kernel, boat, "BOTH", "mine")
    ring = secrets.load(kernel)
    found = kernel.db.read(lambda tx: service.reveal_secrets(tx, ring, hosted.id))
    assert found == {"BOTH": "mine", "OURS": "1"}
