"""What one step says, to whom, and what it may not say."""

import pytest

from towpath.pipelines.formats.commands import read
from towpath.pipelines.formats.exchanged import Unreadable
from towpath.pipelines.formats.masking import Masks
from towpath.pipelines.remote.matching import Change
from towpath.pipelines.remote.words import Words, allows_unsafe


class Shelf:
    """The part of a box that keeps small files."""

    workspace = "/workspace/boat"

    def __init__(self):
        self.kept = {}

    def put(self, name, data=b""):
        self.kept[name] = data
        return f"/files/{name}"

    def take(self, name, limit):
        return self.kept[name][:limit]


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def words(shelf):
    made = Words(shelf, "3", Masks(), debug=False, unsafe=False)
    assert made.files()["GITHUB_OUTPUT"] == "/files/output-3"
    return made


def test_files_are_taken_over(words, shelf):
    shelf.kept |= {
        "output-3": b"a=1\n", "env-3": b"B=2\nNODE_OPTIONS=-r x\n", "path-3": b"/p\n/q\n",
        "state-3": b"s=4\n", "summary-3": b"# Hi",
    }  # fmt: skip
    assert "NODE_OPTIONS" in words.gather()[0]
    assert (words.outputs, words.env, words.paths) == ({"a": "1"}, {"B": "2"}, ["/p", "/q"])
    assert (words.state, words.summary) == ({"s": "4"}, "# Hi")


def test_a_file_that_makes_no_sense_is_refused(words, shelf):
    shelf.kept["env-3"] = b"nonsense\n"
    with pytest.raises(Unreadable, match="line 1"):
        words.gather()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("::add-mask::", "nothing to hide"),
        ("::set-output::x", "needs a name"),
        ("::set-env name=A::b", "Write to the file $GITHUB_ENV"),
    ],
)
def test_what_cannot_be_done_is_said(words, line, told):
    assert told in words.heed(read(line))
    assert told in words.annotations[0].message
    assert bool(words.failed) == line.startswith("::set-env")


def test_matchers_are_changed_by_whoever_keeps_them(words):
    changes = []
    words.changes = changes.append
    for line in ("::add-matcher::x.json", "::remove-matcher owner=gcc::", "##[remove-matcher]y"):
        assert words.heed(read(line)) == ""
    assert changes == [
        Change("x.json"), Change("", "gcc", removes=True), Change("y", removes=True),
    ]  # fmt: skip


def test_state_is_saved_by_the_old_command_too(words):
    assert words.heed(read("::save-state name=pid::7")) == ""
    assert words.state == {"pid": "7"}


def test_only_a_clear_yes_allows_what_is_unsafe():
    assert allows_unsafe({"ACTIONS_ALLOW_UNSECURE_COMMANDS": "true"})
    assert not allows_unsafe({"ACTIONS_ALLOW_UNSECURE_COMMANDS": "1"})


def test_debug_is_shown_to_those_who_asked(shelf):
    asked = Words(shelf, "1", Masks(), debug=True, unsafe=False)
    assert "why" in asked.heed(read("::debug::why"))


def test_a_file_is_named_as_the_repository_has_it(words):
    words.heed(read("::error file=/workspace/boat/src/a.py::x"))
    words.heed(read("::error file=./b.py::x"))
    assert [each.file for each in words.hidden()] == ["src/a.py", "b.py"]
