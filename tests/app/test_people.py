import json

from towpath.forge import service as forge
from towpath.kernel.access import service as access


def test_users_are_added_listed_changed_and_shut_out(towpath):
    added = towpath("users", "add", "alice", "--name", "Alice")
    assert added == (0, "alice is added as member.\n")
    assert towpath("users", "set-role", "alice", "maintainer") == (0, "alice is maintainer.\n")
    assert towpath("users", "deactivate", "alice") == (0, "alice is shut out.\n")
    listed = json.loads(towpath("users", "list", "--json")[1])
    assert [(each["login"], each["active"]) for each in listed] == [
        ("admin", True),
        ("alice", False),
    ]
    assert "deactivated" in towpath("users", "list")[1]
    assert towpath("users", "deactivate", "alice", "--undo")[1] == "alice may come in again.\n"


def test_a_password_is_read_from_stdin_and_never_printed(towpath, kernel):
    towpath("users", "add", "alice")
    told = towpath("users", "password", "alice", typed="a bridge over quiet water\nmore\n")
    assert told == (0, "alice has a new password.\n")
    assert access.log_in(kernel, "alice", "a bridge over quiet water")
    code, words = towpath("users", "password", "alice", typed="short\n")
    assert (code, "too short" in words) == (1, True)
    assert towpath("users", "password", "alice", "on the command line")[0] == 2


def test_a_team_gets_a_role_on_one_repository(towpath, kernel):
    forge.create_repository(kernel, "alice", "boat")
    towpath("users", "add", "alice")
    towpath("teams", "add", "crew")
    assert towpath("teams", "add-member", "crew", "alice") == (0, "alice is in crew.\n")
    assert towpath("teams", "grant", "crew", "alice/boat", "maintainer")[0] == 0
    assert "alice  (maintainer on alice/boat)" in towpath("teams", "list")[1]
    assert towpath("teams", "grants", "alice/boat") == (0, "maintainer  the team crew\n")
    assert towpath("teams", "grant", "crew", "alice/boat", "none")[0] == 0
    assert towpath("teams", "grants", "alice/boat")[1].startswith("Nobody was granted more")
    assert towpath("teams", "grant", "alice", "alice/boat", "admin", "--user")[0] == 0
    assert towpath("teams", "grants", "alice/boat") == (0, "admin       alice\n")
    assert "is no repository" in towpath("teams", "grants", "alice")[1]
    assert towpath("teams", "remove-member", "crew", "alice")[0] == 0
    assert towpath("users", "add", "bot", "--team", "crew")[0] == 0
    assert "answers for bot" in towpath("teams", "remove", "crew")[1]


def test_a_token_is_printed_once_and_revoked(towpath):
    code, raw = towpath("tokens", "create", "ci", "--days", "7", "--scope", "runner")
    assert (code, raw.startswith("tow_")) == (0, True)
    (made,) = [
        each for each in json.loads(towpath("tokens", "list", "--json")[1]) if each["name"] == "ci"
    ]
    assert raw.strip() not in towpath("tokens", "list", "--everybody")[1]
    assert towpath("tokens", "revoke", made["id"]) == (0, f"{made['id']} is revoked.\n")


def test_a_file_of_people_is_shown_first_and_brought_when_told(towpath, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("login,teams\nalice,crew\n")
    told = towpath("users", "import", str(file))[1]
    assert told.splitlines()[-1] == "Nothing was changed yet: add --apply to do it."
    assert "alice" not in towpath("users", "list")[1]
    assert towpath("users", "import", str(file), "--apply")[1].endswith("Done.\n")
    assert towpath("users", "import", str(file))[1] == "Everything is as the file says.\n"
    file.write_text("login\nNot Ok\n")
    assert "line 2, column login" in towpath("users", "import", str(file))[1]
