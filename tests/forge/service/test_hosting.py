"""Repositories are made and found."""

import pytest

from towpath.forge import service
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Conflict, InvalidInput, Moved, NotFound


def test_a_repository_is_found_by_name_in_any_case(kernel, repository):
    found = kernel.db.read(lambda tx: service.find_repository(tx, "ALICE", "Boat"))
    assert found.id == repository.id
    assert found.full_name == "alice/boat"
    assert found.protected == ("main",)


def test_the_same_name_cannot_be_given_twice(kernel, repository):
    with pytest.raises(Conflict, match="exists already"):
        service.create_repository(kernel, "Alice", "BOAT")


def test_whoever_creates_a_repository_administers_it_in_the_same_transaction(kernel):
    kernel.db.write(lambda tx: access.create_user(tx, "bob", None, Role.member))
    made = service.create_repository(kernel, "canal", "barge", creator="bob")
    assert kernel.db.read(lambda tx: access.has_role(tx, "bob", Role.admin, resource=made.id))
    with pytest.raises(NotFound):
        service.create_repository(kernel, "canal", "raft", creator="ghost")
    assert len(kernel.db.read(service.repositories)) == 1


def test_an_unknown_repository_is_not_found(kernel):
    with pytest.raises(NotFound, match="no repository x/y"):
        kernel.db.read(lambda tx: service.find_repository(tx, "x", "y"))
    with pytest.raises(NotFound):
        kernel.db.read(lambda tx: service.repository(tx, "repo_none"))


@pytest.mark.parametrize("owner", ["..", "api", "a/b", "-x", "", "a b", "x.git", "é", "a\n"])
def test_an_owner_that_is_no_path_is_refused(kernel, owner):
    with pytest.raises(InvalidInput):
        service.create_repository(kernel, owner, "boat")


def rename(kernel, repository, name):
    return service.edit_repository(kernel, repository.id, name=name)


def found(kernel, name):
    return kernel.db.read(lambda tx: service.find_repository(tx, "alice", name))


def test_an_old_name_leads_to_the_newest_until_it_is_taken_again(kernel, repository):
    rename(kernel, repository, "ship")
    rename(kernel, repository, "ark")
    for old in ("boat", "SHIP"):
        with pytest.raises(Moved, match=r"is called alice/ark now\. Ask for alice/ark"):
            found(kernel, old)
    taken = service.create_repository(kernel, "alice", "Boat")
    assert found(kernel, "boat").id == taken.id
    rename(kernel, repository, "ship")
    assert found(kernel, "ship").id == repository.id
    with pytest.raises(Moved):
        found(kernel, "ark")
    rename(kernel, taken, "ark")
    assert found(kernel, "ark").id == taken.id


def test_a_name_that_is_taken_or_none_is_refused(kernel, repository):
    service.create_repository(kernel, "alice", "ship")
    with pytest.raises(Conflict, match="exists already"):
        rename(kernel, repository, "Ship")
    with pytest.raises(InvalidInput):
        rename(kernel, repository, "../ship")
    assert rename(kernel, repository, "BOAT").full_name == "alice/BOAT"
    assert found(kernel, "boat").name == "BOAT"
