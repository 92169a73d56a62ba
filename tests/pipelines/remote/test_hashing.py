"""Which files patterns mean: what npm's @actions/glob finds, in its order, and hostile ones."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from towpath.pipelines.remote import hashing

GLOB = Path(__file__).parents[2] / "node/glob.mjs"
FILES = (
    "a.txt", "b.txt", "B.txt", "a/one.py", "a/two.py", "a/deep/one.py", "a/deep/er/x.lock",
    ".hidden/c.txt", ".hidden/.d", "we ird/[x].txt", "we ird/ö.txt", "q?.txt", "z/**star",
    "src/package-lock.json", "src/sub/package-lock.json", "node_modules/x/package-lock.json",
)  # fmt: skip
PATTERNS = (
    "**/*.txt", "*.txt", "a", "a/", "a/**", "a/*", "a/**/one.py", "**/package-lock.json",
    "**/package-lock.json\n!node_modules/**", "**\n!a\na/deep/one.py", "!a/**\na/**",
    "!!a.txt", "a.txt\nb.txt\na.txt", "b.txt\na.txt", "z/*\na/*", "src/sub\nsrc", "nothing*",
    "./a/*.py", "**/[!b].txt", "[ab].txt", "[a-c].txt", "we ird/[[]x].txt", "we*/*", "q\\?.txt",
    "# comment\na.txt", "  a.txt  ", "a//deep/*", "a/**/**", "**/deep/**", "**/", "?.txt",
    "[]a].txt",
    "../up.txt", "a/../b.txt", "a/./b.txt", "/etc/hostname", "link", "link/*", "dangling",
    "loop/**",
    "to-a-file", "*", ".*", ".", "a/**/x.lock", "a.txt/**", "[a.txt", "~/x", "**/*", "a/*/",
)  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    top = tmp_path_factory.mktemp("hashed").resolve() / "work"
    for name in FILES:
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"this is {name}")
    (top.parent / "up.txt").write_text("outside")
    (top / "link").symlink_to("a")
    (top / "to-a-file").symlink_to("a.txt")
    (top / "loop").mkdir()
    (top / "loop/back").symlink_to("..")
    return top


@pytest.fixture(scope="module")
def npm(tree):
    if not (GLOB.parent / "node_modules/@actions/glob").is_dir() or not shutil.which("node"):
        pytest.skip("npm's @actions/glob IS NOT HERE: python -m tests.node.fetch brings it")
    asked = [
        json.dumps({"patterns": patterns, "follow": follow})
        for patterns in PATTERNS
        for follow in (False, True)
    ]
    done = subprocess.run(
        ["node", str(GLOB), str(tree)], input="\n".join(asked), capture_output=True,
        text=True, check=True, timeout=120,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(asked, told, strict=True))  # what else it prints is ::debug::


def _ours(tree, patterns, follow):
    read = hashing.read(patterns, str(tree), "/nonexistent")
    found = [
        path.removeprefix(f"{tree}/")
        for path in hashing.matched(read, follow=follow)
        if path.startswith(f"{tree}/") and not Path(path).is_dir()
    ]
    return {"files": found, "hash": hashing.digest(read, str(tree), follow=follow)}


def _differs(tree, theirs, patterns, follow):
    try:
        ours = _ours(tree, patterns, follow)
    except (hashing.Unusable, OSError) as error:
        return None if "error" in theirs else (patterns, follow, error, theirs)
    return None if ours == theirs else (patterns, follow, ours, theirs)


@pytest.mark.parametrize("follow", [False, True])
def test_the_files_that_npm_finds_in_its_order_give_its_hash(tree, npm, follow):
    asked = ((each, npm[json.dumps({"patterns": each, "follow": follow})]) for each in PATTERNS)
    found = [_differs(tree, theirs, each, follow) for each, theirs in asked]
    assert [each for each in found if each] == []


def test_many_stars_cost_no_more_than_few(tree):
    stars = "/".join(["**"] * 200) + "/**/*a*a*a*a*b"
    assert _ours(tree, stars, follow=False)["files"] == []


def test_it_runs_alone_and_says_what_is_wrong(tree):
    program = [sys.executable, "-I", "-S", hashing.__file__]
    done = subprocess.run(
        [*program, "*.txt", ""], cwd=tree, capture_output=True, text=True, check=True
    )
    assert done.stdout == _ours(tree, "*.txt", follow=False)["hash"] != ""
    done = subprocess.run(
        [*program, "../*", ""], cwd=tree, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "may not hold `.` or `..`" in done.stderr
