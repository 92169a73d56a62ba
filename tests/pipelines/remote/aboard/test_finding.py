"""Patterns, as GitHub's actions mean them."""

import os

import pytest

from towpath.pipelines.remote.aboard import finding
from towpath.pipelines.remote.aboard.speaking import Failed

FILES = (
    "a.txt",
    "b.log",
    "src/main.py",
    "src/deep/x.py",
    "src/deep/y[1].py",
    ".env",
    "src/.hid/z",
)


@pytest.fixture
def found(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    def find(*lines, **options):
        wanted = finding.patterns(lines, str(tmp_path / "src"), str(tmp_path))
        files = finding.find(wanted, **options).files
        return [os.path.relpath(file, tmp_path) for file in files]

    find.folder = tmp_path
    return find


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["*.txt"], ["a.txt"]),
        (["?.*"], ["a.txt", "b.log"]),
        (["[ab].*"], ["a.txt", "b.log"]),
        (["[!b].*"], ["a.txt"]),
        (["src/deep"], ["src/deep/x.py", "src/deep/y[1].py"]),
        (["src/d*"], ["src/deep/x.py", "src/deep/y[1].py"]),
        (["**/*.py"], ["src/deep/x.py", "src/deep/y[1].py", "src/main.py"]),
        (["src/**", "!**/deep"], ["src/.hid/z", "src/main.py"]),
        (["src", "!src/deep", "src/deep/x.py"], ["src/.hid/z", "src/deep/x.py", "src/main.py"]),
        (
            ["src/", "!!src/deep"],
            ["src/.hid/z", "src/deep/x.py", "src/deep/y[1].py", "src/main.py"],
        ),
        (["# a.txt", "b.log"], ["b.log"]),
        (["./src/../a.txt"], ["a.txt"]),
        (["~/main.py"], ["src/main.py"]),
        (["src/deep/y[[]1].py"], ["src/deep/y[1].py"]),
        (["none/**"], []),
        (["a+b(*).txt"], []),
    ],
)
def test_patterns_mean_what_they_mean_to_githubs_actions(found, lines, expected):
    assert found(*lines) == expected


def test_hidden_files_and_folders_are_left_out_when_asked(found):
    assert found("**", hidden=False) == [
        "a.txt", "b.log", "src/deep/x.py", "src/deep/y[1].py", "src/main.py",
    ]  # fmt: skip


def test_without_what_lies_below_a_folder_counts_as_itself(found):
    assert found("src/*", below=False, folders=True) == ["src/.hid", "src/deep", "src/main.py"]


def test_links_are_followed_but_not_in_circles(found):
    (found.folder / "src" / "again").symlink_to("..")
    (found.folder / "broken").symlink_to("nowhere")
    assert "src/main.py" in found("**/main.py")
    assert "broken" not in found("**")


def test_only_leaving_out_is_no_wish(found):
    with pytest.raises(Failed, match="only what to leave out"):
        found("!a.txt")


def test_the_places_that_were_searched_are_told(found):
    wanted = finding.patterns(["src/deep/*.py", "a.txt", "!b"], "/", str(found.folder))
    starts = finding.find(wanted).starts
    assert starts == (f"{found.folder}/src/deep", f"{found.folder}/a.txt")
    assert finding.common_folder(starts) == str(found.folder)
