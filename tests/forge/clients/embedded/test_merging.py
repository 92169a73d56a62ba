"""Merging without a working tree."""

import pytest

from towpath.forge.clients.embedded.merging import Conflicted, Merged, merge
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.errors import InvalidInput

AT = Micros(1_700_000_000 * SECOND + 123)


@pytest.fixture
def ends(hosted):
    """Main, and a branch that left it before main went on."""
    hosted.branch("topic", a="topic\n", folder__b="topic\n")
    hosted.copy.commit("main goes on", c="main\n")
    return hosted.put("main"), hosted.copy.sha("topic")


def test_a_merge_has_both_parents_and_both_changes(hosted, ends):
    made = merge(hosted.kernel, hosted.id, *ends, "Merge topic\n\nbecause", AT)
    assert isinstance(made, Merged)
    hosted.copy.git("fetch", "--quiet", str(hosted.path), "refs/heads/*:refs/remotes/o/*")
    git = (f"--git-dir={hosted.path}",)
    assert hosted.copy.git(*git, "rev-parse", f"{made.sha}^1", f"{made.sha}^2").stdout.split() == [
        *ends
    ]
    files = hosted.copy.git(*git, "ls-tree", "-r", "--name-only", made.sha).stdout.split()
    assert files == ["README", "a", "c", "folder/b"]
    told = hosted.copy.git(*git, "log", "-1", "--format=%an|%ae|%at|%cn|%ct|%B", made.sha).stdout
    assert told.startswith(
        "Towpath|gate@towpath.invalid|1700000000|Towpath|1700000000|Merge topic"
    )


def test_the_same_inputs_give_the_same_commit(hosted, ends):
    made = [merge(hosted.kernel, hosted.id, *ends, "m", AT) for _ in range(2)]
    assert made[0] == made[1]
    assert merge(hosted.kernel, hosted.id, *ends, "other", AT) != made[0]
    assert merge(hosted.kernel, hosted.id, *ends, "m", Micros(AT + SECOND)) != made[0]


def test_what_could_be_fast_forwarded_is_merged_all_the_same(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    made = merge(hosted.kernel, hosted.id, main, topic, "m", AT)
    assert isinstance(made, Merged)
    assert made.sha != topic


def test_a_conflict_names_the_files_and_why(hosted):
    hosted.branch("topic", README="theirs\n", gone="x\n")
    hosted.copy.commit("ours", README="ours\n")
    (hosted.copy.path / "sp ace\n").write_text("fine")
    hosted.copy.commit()
    made = merge(hosted.kernel, hosted.id, hosted.put("main"), hosted.copy.sha("topic"), "m", AT)
    assert isinstance(made, Conflicted)
    assert made.files == ("README",)
    assert made.why == "CONFLICT (content): Merge conflict in README"


def test_several_files_conflict_with_whatever_names_they_have(hosted):
    hosted.branch("topic", **{"a\nb": "1\n", "é": "1\n", "-x": "1\n"})
    hosted.copy.commit("ours", **{"a\nb": "2\n", "é": "2\n", "-x": "2\n"})
    made = merge(hosted.kernel, hosted.id, hosted.put("main"), hosted.copy.sha("topic"), "m", AT)
    assert isinstance(made, Conflicted)
    assert set(made.files) == {"a\nb", "é", "-x"}


def test_histories_without_a_common_commit_conflict_in_words(hosted):
    main = hosted.copy.sha("main")
    hosted.copy.git("checkout", "--quiet", "--orphan", "alone")
    hosted.copy.commit("alone")
    made = merge(hosted.kernel, hosted.id, main, hosted.put("alone"), "m", AT)
    assert made == Conflicted((), "The two histories have no commit in common.")


def test_names_that_are_no_objects_are_refused(hosted):
    with pytest.raises(InvalidInput):
        merge(hosted.kernel, hosted.id, "--write-tree", "a" * 40, "m", AT)


def test_strange_messages_are_kept_as_text(hosted, ends):
    made = merge(hosted.kernel, hosted.id, *ends, "caf\xe9 \udcff -x", AT)
    assert isinstance(made, Merged)
