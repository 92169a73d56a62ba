"""Who calls and who may do what, as a program for GitHub asks."""

import pytest

from tests.forge.api.github import REPO
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role


def test_people_and_the_server(said):
    said("GET", "/user")
    said("GET", "/users/{username}", where={"username": "bob"})
    said("GET", "/meta")
    assert said("GET", "/rate_limit")["rate"]["limit"] > 0
    said("GET", REPO + "/collaborators")
    said("GET", REPO + "/collaborators/{username}", 204, where={"username": "bob"})
    told = said("GET", REPO + "/collaborators/{username}/permission", where={"username": "bob"})
    assert (told["permission"], told["role_name"]) == ("write", "write")


def test_who_is_not_here_is_no_collaborator(said):
    said("GET", REPO + "/collaborators/{username}", 404, where={"username": "nobody"})
    path = REPO + "/collaborators/{username}/permission"
    said("GET", path, 404, where={"username": "nobody"})


def test_a_role_on_one_repository_counts_there(said, hosted):
    def grant(tx):
        access.grant(tx, hosted.id, Role.maintainer, login="charlie")

    said.served.kernel.db.write(grant)
    path = REPO + "/collaborators/{username}/permission"
    told = said("GET", path, where={"username": "charlie"})
    assert (told["role_name"], told["user"]["permissions"]["push"]) == ("maintain", True)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/gists", "/repos/alice/boat/releases", "/repos/alice/boat/x"])
def test_what_is_not_spoken_is_a_404_in_githubs_form(served, hosted, method, path):
    reply = served.call(method, f"/api/v3{path}")
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("application/json")
    assert {"message", "documentation_url"} <= reply.json().keys()


def test_asking_what_is_left_costs_nothing(said):
    def used():
        return said("GET", "/rate_limit")["rate"]["used"]

    before = used()
    assert used() == before
    said("GET", "/user")
    assert used() == before + 1
