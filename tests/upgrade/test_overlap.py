"""Processes of the release before and of this one, side by side on one PostgreSQL."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.kill.checks import until
from tests.kill.harness import GIT_ENV, ROOT, Server, answer
from tests.kill.people import World

BEFORE = "f7241c9"
"""The last commit of the release before; move it on when a release is made."""


@pytest.fixture
def old_source():
    """The source of the release before, unpacked; it runs with what is installed for this one."""
    git = ["git", "-C", str(ROOT)]
    known = subprocess.run(
        [*git, "cat-file", "-e", f"{BEFORE}^{{commit}}"], capture_output=True, check=False
    )
    if known.returncode:
        pytest.skip(f"NOT TESTED: commit {BEFORE} is not in this clone; git fetch --unshallow")
    folder = Path(tempfile.mkdtemp(prefix="before-"))
    packed = subprocess.run(
        [*git, "archive", BEFORE, "src"], env=GIT_ENV, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    built = "src/towpath/kernel/pages/static/built"  # pages come from npm, not from git
    if (ROOT / built).exists():
        shutil.copytree(ROOT / built, folder / built)
    yield folder / "src"
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.postgres
def test_old_and_new_processes_work_side_by_side_and_then_the_new_ones_alone(
    old_source, stores, tmp_path
):
    url = stores.empty()
    folder = Path(tempfile.mkdtemp(prefix="overlap-"))
    before, beside = Server(folder, database=url), Server(folder, database=url)
    before.env = {**before.env, "PYTHONPATH": str(old_source)}
    beside.options, beside.log = ("--role", "web"), folder / "beside.log"
    try:
        world = World(before.start(), folder / "clone")
        first = world.open("first", {"first": "1\n"}, "Before the upgrade")
        beside.start()  # brings the tables up to date under the old one
        comment(world, first, "said to the old", world.alice.url)
        comment(world, first, "said to the new", beside.url)
        second = world.open("second", {"second": "2\n"}, "During the upgrade")
        world.approve(first)
        until_landed(world, first)
        before.stop()
        after = Server(folder, database=url)
        after.port, after.url, after.options = before.port, before.url, ()
        world.server = after.start()
        finish(url)
        world.approve(second)
        until_landed(world, second)
        said = world.alice.every(f"{world.path}/issues/{first}/comments")
        assert {"said to the old", "said to the new"} <= {each["body"] for each in said}
    finally:
        for server in (before, beside, world.server):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        stores.drop(url)


def comment(world, number, body, address):
    world.alice.url, usual = address, world.alice.url
    answer(world.alice, "POST", f"{world.path}/issues/{number}/comments", {"body": body})
    world.alice.url = usual


def until_landed(world, number):
    path = f"{world.path}/pulls/{number}"
    assert until(lambda: world.alice.get(path)["merged_at"], 120), world.server.tail()


def finish(url):
    code = "from towpath.app.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", code, "upgrade", "--finish", "--database", url],
        env=Server(ROOT).env, check=True, capture_output=True,
    )  # fmt: skip
