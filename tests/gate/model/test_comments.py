"""What the gate writes into a request."""

import pytest

from towpath.gate.model.comments import Scene, about
from towpath.gate.model.queue import (
    Admit,
    Candidate,
    Change,
    Landed,
    Leave,
    Queue,
    Refuse,
    Refused,
)
from towpath.kernel.pages.prose import markdown

HEAD, MAIN = "a" * 40, "d" * 40
CHANGE = Change(
    number=7,
    state="refused",
    head=HEAD,
    since=10,
    landed="c" * 40,
    candidate=Candidate(base=MAIN, head=HEAD, sha="c" * 40),
)


def comment(refused=None, *, move=None, source="oar", changes=(CHANGE,), run="http://t/runs/r"):
    scene = Scene(queue=Queue(branch="main", changes=changes), source=source, run_url=run)
    return about(scene, CHANGE, move or Refuse(number=7, refused=refused))


def test_a_red_says_what_failed_where_the_log_is_and_how_to_see_it_at_home():
    words = comment(Refused(why="red", onto=MAIN, summary="job “test” failed"))
    for part in (
        "**Refused: the tests failed.** job “test” failed",
        "The log: <http://t/runs/r>",
        f"    git switch --detach {HEAD}\n    git merge {MAIN}",
        "/retry",
    ):
        assert part in words
    assert "While it waited" not in words


def test_a_red_names_those_that_landed_while_it_waited():
    before = Change(number=1, state="landed", ended=5)
    after = [Change(number=n, state="landed", ended=t) for n, t in ((3, 30), (2, 20))]
    words = comment(Refused(why="red", onto=MAIN), changes=(CHANGE, before, *after))
    assert "While it waited, #2, #3 landed" in words


def test_a_conflict_names_the_files_and_the_exact_commands():
    words = comment(Refused(why="conflict", onto=MAIN, files=("a/b.py", "c")))
    commands = [line for line in words.splitlines() if line.startswith("    ")]
    assert commands == [
        "    a/b.py",
        "    c",
        "    git fetch origin",
        "    git switch oar",
        "    git merge origin/main",
        "    # resolve the files above, then",
        "    git add --all && git commit --no-edit",
        "    git push origin oar",
    ]


def test_branch_names_are_quoted_for_the_shell():
    words = comment(Refused(why="conflict", onto=MAIN, files=("f",)), source="x;rm$(y)")
    assert "    git switch 'x;rm$(y)'" in words


def test_many_files_are_counted_and_strange_ones_made_harmless():
    files = tuple(f"f{n}" for n in range(30))
    words = comment(Refused(why="conflict", onto=MAIN, files=("```\n<b>", *files)))
    assert "    ```?<b>\n" in words
    assert "… and 11 more" in words
    assert "&lt;b&gt;" in markdown(words)


def test_histories_without_a_common_commit_are_told_as_such():
    assert "no commit in common" in comment(Refused(why="conflict", onto=MAIN))


def test_without_a_workflow_an_example_is_given():
    words = comment(Refused(why="absent", onto=MAIN))
    assert "    # .github/workflows/test.yml" in words
    assert "    on: [pull_request, merge_group]" in words


def test_an_invalid_workflow_is_told_with_its_place():
    words = comment(Refused(why="invalid", onto=MAIN, summary="ci.yml:3:5: unknown key\nci.yml:9"))
    assert "    ci.yml:3:5: unknown key\n    ci.yml:9" in words


def test_stopped_tests_are_nobodys_fault():
    words = comment(Refused(why="cancelled", onto=MAIN), run=None)
    assert "says nothing about this request" in words
    assert "The log" not in words


def test_a_landing_names_the_commit_and_its_tests():
    words = comment(move=Landed(number=7, sha="c" * 40))
    assert words == (
        f"Landed: `main` moved to {'c' * 40}, exactly the commit that was tested"
        " after [these tests](http://t/runs/r)."
    )


@pytest.mark.parametrize(
    ("why", "part"),
    [
        ("head_moved", "nobody has approved"),
        ("held", "held by bob"),
        ("changes_requested", "bob asked for changes"),
        ("not_approved", "approval was withdrawn"),
    ],
)
def test_leaving_the_queue_is_told_where_somebody_can_do_something(why, part):
    assert part in comment(move=Leave(number=7, why=why, who="bob"))


@pytest.mark.parametrize("why", ["closed", "merged", "retargeted"])
def test_what_the_page_tells_needs_no_comment(why):
    assert comment(move=Leave(number=7, why=why)) is None
    assert comment(move=Admit(number=7, head=HEAD, position=1)) is None
