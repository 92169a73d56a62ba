"""The pages of people and teams, as an administrator's browser without scripts uses them."""

import pytest

from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.plugin import Plugin, Resources

PEOPLE = "/settings/people"
BOATS = Resources(
    lambda _, name: {"alice/boat": "boat_1"}.get(name),
    lambda _, wanted: {each: "alice/boat" for each in wanted if each == "boat_1"},
)


@pytest.fixture
def root(browser, people):
    people("root", Role.admin)
    client = browser("root")
    client.app.state.plugins = [Plugin(name="boats", package="boats", resources=BOATS)]
    return client


@pytest.fixture
def send(root, form_token):
    """Fill in a form as it stands on the page, and follow where it leads."""
    csrf = form_token(root.get(PEOPLE))
    return lambda address, **fields: root.post(address, data=fields | {"csrf": csrf})


def test_who_is_alone_is_told_what_to_do_next(root):
    page = root.get(PEOPLE).text
    for words in ("You are alone here", "users import people.csv", "No team yet", "add the team"):
        assert words in page


def test_a_person_is_added_and_logs_in_with_the_first_password(send, kernel):
    page = send(PEOPLE, login="alice", name="Alice", role="viewer", password="first of many words")
    assert page.url.path == f"{PEOPLE}/alice"
    assert "Not logged in anywhere" in page.text
    assert service.log_in(kernel, "alice", "first of many words").principal.role is Role.viewer


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": "root"}, "is taken"),
        ({"login": "Not Ok"}, "cannot be a login"),
        ({"login": "bob", "password": "short"}, "too short"),
        ({"login": "bob", "role": "king"}, "no role"),
    ],
)
def test_what_cannot_be_is_told_on_the_form_and_nothing_is_lost(send, kernel, fields, words):
    page = send(PEOPLE, **{"name": "Bob B.", "role": "member", **fields})
    assert page.status_code in {409, 422}
    assert words in page.text
    assert 'value="Bob B."' in page.text
    assert len(kernel.db.read(service.users)) == 1


def test_a_role_changes_and_somebody_is_shut_out_and_let_in(send, people, web):
    alice = people("alice")
    page = send(f"{PEOPLE}/alice", name="Alice A.", role="maintainer")
    assert "Alice A." in page.text
    assert web.get("/api/towpath/v1/me", headers=alice.bearer).json()["role"] == "maintainer"
    assert "shut out" in send(f"{PEOPLE}/alice/active", active="0").text
    assert web.get("/api/towpath/v1/me", headers=alice.bearer).status_code == 401
    assert "Let in again" not in send(f"{PEOPLE}/alice/active", active="1").text


@pytest.mark.parametrize("address", ["", "/active"])
def test_the_last_administrator_is_told_why_not(send, address):
    page = send(f"{PEOPLE}/root{address}", active="0", name="root", role="member")
    assert page.status_code == 409
    assert "root is the last administrator. Make somebody else" in page.text


def test_an_administrator_sets_a_password_on_the_page_of_a_person(send, people, kernel):
    people("alice")
    page = send(f"{PEOPLE}/alice/password", password="a bridge over quiet water")
    assert (page.status_code, page.url.path) == (200, f"{PEOPLE}/alice")
    assert service.log_in(kernel, "alice", "a bridge over quiet water")
    assert "too short" in send(f"{PEOPLE}/alice/password", password="short").text


def test_a_team_its_members_and_its_grants(send, root, people):
    people("alice")
    team = send("/settings/teams", slug="crew", name="The crew")
    assert team.url.path == "/settings/teams/crew"
    assert "Nobody is in it yet" in team.text
    assert ">alice</a>" in send("/settings/teams/crew/members", login="alice").text
    granted = send("/settings/teams/crew/grants", resource="alice/boat", role="maintainer")
    assert 'href="/alice/boat">alice/boat</a> <span>maintainer' in granted.text
    assert "maintainer of alice/boat" in root.get(PEOPLE).text
    assert (
        "alice/boat"
        not in send("/settings/teams/crew/grants", resource="alice/boat", role="none").text
    )
    assert "Nobody is in it" in send("/settings/teams/crew/members/alice/remove").text
    assert send("/settings/teams/crew/members", login="ghost").status_code == 404
    assert "No team yet" in send("/settings/teams/crew/remove").text


def test_a_service_account_stands_beside_its_team(send, root):
    send("/settings/teams", slug="crew")
    page = send("/settings/service-accounts", login="bot", owner="crew", role="member")
    assert "A program that" in page.text
    assert "Sessions</h2>" not in page.text
    assert "answers for bot" in root.get(PEOPLE).text
    refused = send("/settings/teams/crew/remove")
    assert (refused.status_code, "answers for bot" in refused.text) == (409, True)


def test_a_person_is_granted_a_role_on_one_repository(send):
    send(PEOPLE, login="alice")
    page = send(f"{PEOPLE}/alice/grants", resource="alice/boat", role="admin")
    assert 'href="/alice/boat">alice/boat</a> <span>admin' in page.text
    wrong = send(f"{PEOPLE}/alice/grants", resource="no/boat", role="admin")
    assert "There is no &#39;no/boat&#39;" in wrong.text


def test_many_people_are_shown_a_page_at_a_time_and_found_by_their_login(root, kernel):
    def write(tx):
        for count in range(120):
            service.create_user(tx, f"p{count:03}", None, Role.viewer)

    kernel.db.write(write)
    page = root.get(PEOPLE).text
    assert "p099" in page
    assert "p100" not in page
    assert "p100" in root.get(f"{PEOPLE}?after=p099").text
    found = root.get(f"{PEOPLE}?find=p11").text
    assert found.count("settings/people/p") == 10
    assert "login begins so" in root.get(f"{PEOPLE}?find=%25").text


def test_what_people_are_called_is_shown_as_text(send, root):
    send(PEOPLE, login="eve", name="<script>alert(1)</script>")
    send("/settings/teams", slug="crew", name="<b>crew")
    for page in (PEOPLE, f"{PEOPLE}/eve", "/settings/teams/crew"):
        text = root.get(page).text
        assert "<script>alert" not in text
        assert "<b>crew" not in text
