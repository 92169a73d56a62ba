import json

import pytest

from towpath.kernel.access.service import Role

API = "/api/towpath/v1"


@pytest.fixture
def root(people):
    return people("root", Role.admin)


def ask(web, root, **query):
    return web.get(f"{API}/audit", params=query, headers=root.bearer)


def add_user(web, root, login):
    headers = root.bearer | {"User-Agent": "the-tests/1", "X-Request-ID": f"req-{login}"}
    assert web.post(f"{API}/users", json={"login": login}, headers=headers).status_code == 201


def test_a_change_over_http_says_who_how_and_from_where(web, root):
    add_user(web, root, "alice")
    (entry,) = ask(web, root, subject="user:alice").json()
    assert (entry["who"], entry["proof"], entry["action"]) == ("root", "token", "user.add")
    assert entry["proof_id"].startswith("token_")
    assert (entry["agent"], entry["request"]) == ("the-tests/1", "req-alice")
    assert entry["address"]
    assert entry["after"]["role"] == "member"


def test_it_is_read_page_by_page_without_gap_or_repetition(web, root):
    for number in range(5):
        add_user(web, root, f"user{number}")
    seen, url = [], f"{API}/audit?limit=2&what=user.&who=root"
    while url:
        reply = web.get(url, headers=root.bearer)
        seen += [entry["subject"] for entry in reply.json()]
        url = reply.links.get("next", {}).get("url")
    assert seen == [f"user:user{n}" for n in range(4, -1, -1)]


def test_it_is_exported_as_lines_and_as_a_table(web, root):
    add_user(web, root, "alice")
    lines = ask(web, root, format="jsonl", what="user.")
    assert lines.headers["content-type"] == "application/jsonl"
    assert json.loads(lines.text.splitlines()[0])["subject"] == "user:alice"
    table = ask(web, root, format="csv", what="user.")
    assert table.text.splitlines()[0].startswith("id,at,action,subject,who,")
    assert "audit.csv" in table.headers["content-disposition"]


def test_it_is_copied_oldest_first_from_a_known_id_on(web, root):
    for number in range(5):
        add_user(web, root, f"user{number}")
    known = ask(web, root, subject="user:user0").json()[0]["id"]
    seen, url = [], f"{API}/audit?limit=2&what=user.&above={known}"
    while url:
        reply = web.get(url, headers=root.bearer)
        seen += [entry["subject"] for entry in reply.json()]
        url = reply.links.get("next", {}).get("url")
    assert seen == [f"user:user{n}" for n in range(1, 5)]
    lines = ask(web, root, format="jsonl", what="user.", above=known).text.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == seen


def test_only_administrators_read_it(web, people):
    assert ask(web, people("alice")).status_code == 403
    assert web.get(f"{API}/audit").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        {"since": "soon"},
        {"after": "WzFd", "until": "x"},
        {"after": "WyJhIl0"},
        {"format": "xml"},
        {"above": -1},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(web, root, query):
    reply = ask(web, root, **query)
    assert reply.status_code == 422
    assert reply.json()["next_step"]
