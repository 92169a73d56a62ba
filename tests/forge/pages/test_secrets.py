"""Secrets of a repository set and removed in a browser without scripts."""

import pytest

from towpath.forge import service
from towpath.kernel.secrets import service as secrets

HERE = "/alice/boat/secrets"
VALUE = "a value nobody may see again"


@pytest.fixture
def boat(boat):
    secrets.prepare(boat.kernel)
    return boat


def reveal(boat, name):
    ring = secrets.load(boat.kernel)
    owner = f"repository:{boat.id}"
    return boat.kernel.db.read(lambda tx: secrets.get(tx, ring, owner, name)).reveal()


def test_an_empty_list_tells_what_it_is_for_and_the_form_sets_one(boat, see, send):
    assert "No secret is kept here" in see(HERE)
    assert send(HERE, name="deploy_key", value=VALUE).status_code == 303
    page = see(HERE)
    assert "DEPLOY_KEY" in page
    assert VALUE not in page
    assert send(f"{HERE}/DEPLOY_KEY/remove").status_code == 303
    assert "No secret is kept here" in see(HERE)


def test_a_key_of_many_lines_keeps_the_line_ends_it_had(boat, send):
    send(HERE, name="KEY", value="BEGIN\r\nkey\r\nEND\r\n")
    assert reveal(boat, "KEY") == "BEGIN\nkey\nEND\n"


@pytest.mark.parametrize("name", ["not a name", "x" * 2_000])
def test_a_refused_form_says_why_and_repeats_no_value(boat, send, name):
    answer = send(HERE, name=name, value=VALUE)
    assert answer.status_code == 422
    assert VALUE not in answer.text


def test_what_the_owner_shares_is_listed_unless_the_repository_has_its_own(boat, see, send):
    owner = boat.kernel.db.read(lambda tx: service.owner_as_keeper(tx, "alice"))
    for name in ("COMMON", "KEY"):
        service.set_secret(boat.kernel, owner, name, VALUE)
    send(HERE, name="KEY", value="mine")
    page = see(HERE)
    assert page.count("shared by all of alice") == 1
    assert page.index("KEY") < page.index("COMMON") < page.index("shared by all of alice")


def test_only_who_keeps_the_repository_comes_here(boat, served):
    page = {"Accept": "text/html"}
    assert served.call("GET", HERE, user="bob", headers=page).status_code == 403
    answer = served.call("GET", HERE, user=None, headers=page)
    assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login")
