"""Actions of others on a server: what may be used, and who gets their files."""

import io
import subprocess
import tarfile
from dataclasses import replace

import pytest

from towpath.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from towpath.pipelines import service
from towpath.pipelines.service import acting

FILE = ".towpath/workflows/ci.yml"
USING = "on: push\njobs:\n  a:\n    runs-on: linux\n    steps: [{uses: alice/boat@%s}]\n"


@pytest.fixture
def canal(kernel, canal_of):
    return canal_of(kernel)


def _claimed(canal):
    canal.work()
    taken = canal.kernel.db.write(lambda tx: service.claim(tx, "r", ["linux"], "l" * 40))
    assert taken, "no job is queued"
    return taken.job


def _names(files):
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        return set(archive.getnames())


def _with(canal, **settings):
    changed = replace(canal.kernel, settings=replace(canal.kernel.settings, **settings))
    canal.kernel = changed
    return changed


def test_what_is_not_allowed_is_refused_by_its_line_before_anything_runs(canal):
    sha = canal.commit(**{FILE: USING % "main"})
    canal.trigger(sha)
    canal.work()
    (fact,) = canal.finished()
    assert fact.conclusion == "invalid"
    assert f"{FILE}:5:" in fact.summary
    assert "alice/boat is not among the actions that may be used." in fact.summary
    assert f"uses: alice/boat@{sha}  # main" in fact.summary


def test_a_repository_allows_actions_by_a_file_on_its_default_branch(canal):
    action = canal.commit(**{"action.yml": "x", ".towpath/actions": "alice/boat # ours\n"})
    canal.trigger(canal.commit(**{FILE: USING % action, ".towpath/actions": "alice/boat\n"}))
    job = _claimed(canal)
    files = service.action_files(canal.kernel, job, "l" * 40, f"alice/boat@{action}")
    assert "action.yml" in _names(files)
    with pytest.raises(Denied, match="can be moved by its owner"):
        service.action_files(canal.kernel, job, "l" * 40, "alice/boat@main")
    with pytest.raises(Conflict):
        service.action_files(canal.kernel, job, "m" * 40, f"alice/boat@{action}")
    with pytest.raises(InvalidInput, match="not the address"):
        service.action_files(canal.kernel, job, "l" * 40, "./mine")
    with pytest.raises(Denied, match="not among"):
        service.action_files(canal.kernel, job, "l" * 40, f"no/body@{'1' * 40}")


def test_an_administrator_may_allow_for_all_and_say_where_others_come_from(canal, tmp_path):
    there = tmp_path / "one" / "tool"
    there.mkdir(parents=True)
    (there / "action.yml").write_text("x")
    for words in (
        ["init", "--quiet", "--initial-branch=v1"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=there, check=True)
    kernel = _with(canal, actions_allowed="one/tool@v1, two/*")
    assert acting.allowed(kernel, canal.repository.id) == ("one/tool@v1", "two/*")
    canal.trigger(canal.commit(**{FILE: USING.replace("alice/boat@%s", "one/tool@v1")}))
    job = _claimed(canal)
    with pytest.raises(NotFound, match="TOWPATH_ACTIONS_URL"):
        service.action_files(kernel, job, "l" * 40, "one/tool@v1")
    kernel = _with(canal, actions_url=f"file://{tmp_path}/{{repository}}")
    assert _names(service.action_files(kernel, job, "l" * 40, "one/tool@v1")) == {"action.yml"}
    assert (kernel.data / "actions/one/tool.git").is_dir()


def test_a_list_that_makes_no_sense_is_told(canal):
    canal.trigger(canal.commit(**{FILE: USING % "main", ".towpath/actions": "what is this\n"}))
    canal.work()
    assert ".towpath/actions:1:1: `what is this` names no action." in canal.finished()[0].summary
