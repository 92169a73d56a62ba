"""GitHub's filter patterns, with the examples of its documentation."""

import time

import pytest

from towpath.pipelines.model import globs
from towpath.pipelines.model.workflow import Filter


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("feature/*", ["feature/my-branch"], ["feature/a/b", "feature"]),
        ("feature/**", ["feature/beta-a/my-branch", "feature/your-branch"], ["feat"]),
        ("main", ["main"], ["mainly"]),
        ("*", ["main", "releases"], ["a/b"]),
        ("**", ["all/the/branches", "every/tag"], []),
        ("*feature", ["mona-feature", "feature", "ver-10-feature"], ["feature-x"]),
        ("v2*", ["v2", "v2.0", "v2.9"], ["v3"]),
        ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.."]),
        ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "a/page.js"]),
        ("**.js", ["index.js", "js/index.js", "src/js/app.js"], ["a.ts"]),
        ("docs/*", ["docs/README.md"], ["docs/a/b.md"]),
        ("docs/**/*.md", ["docs/README.md", "docs/mona/hello.md", "docs/a/md/file.md"], ["a.md"]),
        ("**/docs/**", ["docs/hello.md", "dir/docs/my-file.txt"], ["mydocs/a"]),
        ("**/README.md", ["README.md", "js/README.md"], ["MYREADME.md"]),
        ("**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["source/a"]),
        (r"\*", ["*"], ["a"]),
    ],
)
def test_the_documented_examples(pattern, yes, no):
    assert [text for text in yes if not globs.matches(pattern, text)] == []
    assert [text for text in no if globs.matches(pattern, text)] == []


def test_the_last_pattern_that_matches_decides():
    chosen = Filter(("releases/**", "!releases/**-alpha", "releases/final-alpha"))
    assert globs.admits(chosen, "releases/10")
    assert not globs.admits(chosen, "releases/10-alpha")
    assert globs.admits(chosen, "releases/final-alpha")
    assert not globs.admits(chosen, "main")


def test_ignore_turns_it_round():
    chosen = Filter(("docs/**", "*.md"), ignore=True)
    assert not globs.admits(chosen, "docs/a")
    assert globs.admits(chosen, "src/a")


@pytest.mark.parametrize(
    "pattern", ["", "!", "+a", "?", "[", "[]", "[z-a]", "[\x00-\U0010ffff]", "a" * 300]
)
def test_a_pattern_that_means_nothing_has_a_problem(pattern):
    assert globs.problem(pattern)


def test_a_hostile_pattern_takes_linear_time():
    began = time.monotonic()
    assert not globs.matches("**a" * 80, "a" * 79 + "b" * 4_000)
    assert time.monotonic() - began < 5
