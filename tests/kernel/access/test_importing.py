import pytest

from towpath.kernel.access import importing, service
from towpath.kernel.access.service import Role
from towpath.kernel.errors import InvalidInput

FILE = """login,name,role,teams
alice,Alice A.,maintainer,crew; dock
bob,,,crew
"""


@pytest.fixture
def bring(kernel):
    def run(text, *, apply=True):
        rows = importing.parse(text)
        write = kernel.db.write if apply else kernel.db.read
        return write(lambda tx: importing.bring(tx, rows, apply=apply))

    return run


def people(kernel):
    return {each.login: each.role for each in kernel.db.read(service.users)}


def test_a_dry_run_says_what_would_change_and_changes_nothing(bring, kernel):
    told = bring(FILE, apply=False)
    assert told == [
        "add alice as maintainer",
        "add the team crew",
        "put alice into crew",
        "add the team dock",
        "put alice into dock",
        "add bob as member",
        "put bob into crew",
    ]
    assert people(kernel) == {}


def test_applying_does_what_the_dry_run_said_and_only_once(bring, kernel):
    said = bring(FILE, apply=False)
    assert bring(FILE) == said
    assert people(kernel) == {"alice": Role.maintainer, "bob": Role.member}
    teams = {each.team.slug: each.members for each in kernel.db.read(service.teams)}
    assert teams == {"crew": ("alice", "bob"), "dock": ("alice",)}
    assert bring(FILE) == []


def test_a_file_hands_over_from_the_last_administrator_but_never_to_nobody(bring, kernel):
    bring("login,role\nroot,admin\nshut,admin\n")
    kernel.db.write(lambda tx: service.deactivate(tx, "shut"))
    for apply in (False, True):
        for text in ("root,member", "root,member\nshut,admin"):
            with pytest.raises(InvalidInput, match="leave nobody to administer"):
                bring(f"login,role\n{text}\n", apply=apply)
    told = bring("login,role\nroot,member\nalice,admin\n", apply=False)
    assert told == ["add alice as admin", "make root member instead of admin"]
    assert bring("login,role\nroot,member\nalice,admin\n") == told
    assert [each.login for each in kernel.db.read(service.admins)] == ["alice"]


def test_a_file_changes_names_and_roles_and_leaves_what_it_does_not_say(bring, kernel):
    bring(FILE)
    told = bring("\ufefflogin,role\nalice,viewer\n")
    assert told == ["make alice viewer instead of maintainer"]
    assert bring("login,name\nalice,Alice B.\n") == ["call alice 'Alice B.' instead of 'Alice A.'"]
    assert people(kernel)["bob"] is Role.member


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nAlice\n", "Line 1 must name the columns"),
        ("login,shoe\nalice,43\n", "Line 1 must name the columns"),
        ("", "Line 1 must name the columns"),
        ("login,role\nAlice,king\n", "line 2, column login: 'Alice'.*line 2, column role"),
        ("login,teams\nalice,A B\n", "line 2, column teams"),
        ("login,name\nalice\n", "line 2: it has more or fewer cells"),
        ("login\nalice\nbob\nalice\n", "line 4, column login: alice is in line 2 too"),
        ('login\n"alice\n', "line 2"),
        ("login,name\nalice," + "x" * 201, "line 2, column name"),
    ],
)
def test_a_faulty_file_is_refused_with_line_and_column(text, told):
    with pytest.raises(InvalidInput, match=told):
        importing.parse(text)


def test_one_line_that_cannot_be_done_undoes_all_before_it(bring, kernel):
    kernel.db.write(lambda tx: service.add_team(tx, "crew"))
    kernel.db.write(lambda tx: service.create_service_account(tx, "bot", "", "crew", Role.viewer))
    with pytest.raises(InvalidInput, match="Line 3: bot is not a person"):
        bring("login,role\nalice,member\nbot,member\n")
    assert people(kernel) == {"bot": Role.viewer}
