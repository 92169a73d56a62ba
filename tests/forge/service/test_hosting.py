"""Repositories are made and found."""

import pytest

from towpath.forge import service
from towpath.forge.store import repositories as repository_rows
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
    assert kernel.db.read(lambda tx: access.has_role(tx, "bob", Role.admin, resource=made))
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


def test_changing_the_words_of_a_repository_does_not_show_what_was_hidden_meanwhile(
    kernel, repository, monkeypatch
):
    """Both were read before either was written; what is hidden stays so."""
    kept = repository_rows.change_repository

    def hidden_first(tx, after):
        service.set_private(tx, after.id, private=True)
        kept(tx, after)

    monkeypatch.setattr(repository_rows, "change_repository", hidden_first)
    service.edit_repository(kernel, repository.id, description="floats")
    after = found(kernel, "boat")
    assert (after.private, after.description, after.visibility) == (True, "floats", "private")


def test_what_is_private_is_listed_and_known_only_to_whom_a_role_was_granted(kernel, repository):
    def begin(tx):
        access.create_user(tx, "max", None, Role.maintainer)
        service.set_private(tx, repository.id, private=True)

    def told(tx):
        max_ = access.principal_of(tx, access.known(tx, "max"))
        return service.readable(tx, max_), service.hidden(tx, max_)

    def find(tx):
        max_ = access.principal_of(tx, access.known(tx, "max"))
        return service.find_known(tx, max_, "alice", "boat")

    kernel.db.write(begin)
    assert kernel.db.read(told) == ([], {repository.id})
    with pytest.raises(NotFound, match=r"There is no repository alice/boat\."):
        kernel.db.read(find)
    kernel.db.write(lambda tx: access.grant(tx, repository.id, Role.viewer, login="max"))
    assert kernel.db.read(told) == ([kernel.db.read(find)], set())


def test_what_is_private_is_named_by_its_own_files_alone(kernel, repository):
    """A workflow that calls one elsewhere must not read what its author may not know of."""
    barge = service.create_repository(kernel, "alice", "barge", private=True)
    rename(kernel, barge, "sloop")

    def named(whose, name):
        return kernel.db.read(lambda tx: service.find_from(tx, whose.id, "alice", name))

    assert named(barge, "sloop").id == barge.id
    assert named(barge, "boat").id == repository.id
    for name in ("sloop", "barge", "ghost"):  # the old name does not lead on either
        with pytest.raises(NotFound, match=rf"There is no repository alice/{name}\."):
            named(repository, name)
