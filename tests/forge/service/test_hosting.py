"""Repositories are made and found."""

import pytest

from towpath.forge import service
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Conflict, InvalidInput, NotFound


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
