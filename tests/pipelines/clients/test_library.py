"""Where actions of others come from when `towpath run` uses them."""

import io
import subprocess
import tarfile

import pytest

from towpath.kernel.errors import Denied, NotFound
from towpath.pipelines.clients.library import Library
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model import addresses
from towpath.pipelines.model.workflow import InvalidWorkflow


def git(folder, *words):
    person = ("-c", "user.name=a", "-c", "user.email=a@example.test")
    done = subprocess.run(
        ["git", *person, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path):
    """A repository one/tool with a tag v1 that is one commit behind its branch."""
    place = tmp_path / "actions" / "one" / "tool"
    place.mkdir(parents=True)
    git(place, "init", "--quiet", "--initial-branch=main")
    for text in ("first", "second"):
        (place / "action.yml").write_text(text)
        git(place, "add", "--all")
        git(place, "commit", "--quiet", "--message", text)
    git(place, "tag", "v1", "HEAD~1")
    git(place, "config", "uploadpack.allowAnySHA1InWant", "true")
    return place


def _files(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {name: files.extractfile(name).read().decode() for name in files.getnames()}


def test_what_lies_in_a_directory_is_used_at_its_commit_and_at_a_tag_that_is_allowed(origin):
    library = Library(allowed=("*/*@*",), folder=origin.parent.parent)
    first = git(origin, "rev-parse", "v1")
    assert _files(library.bring(addresses.of(f"one/tool@{first}"))) == {"action.yml": "first"}
    assert _files(library.bring(addresses.of("one/tool/deep@v1"))) == {"action.yml": "first"}
    assert _files(library.bring(addresses.of("one/tool@main"))) == {"action.yml": "second"}


def test_what_does_not_lie_there_is_fetched_once(origin, tmp_path):
    library = Library(
        allowed=("one/*", "one/tool@v1"), url=f"file://{origin.parent.parent}/{{repository}}",
        cache=tmp_path / "cache",
    )  # fmt: skip
    second = addresses.of(f"one/tool@{git(origin, 'rev-parse', 'main')}")
    assert library.commit(second) == ""
    assert _files(library.bring(second)) == {"action.yml": "second"}
    assert _files(library.bring(addresses.of("one/tool@v1"))) == {"action.yml": "first"}
    git(origin, "tag", "--force", "v1", "main")
    assert _files(library.bring(addresses.of("one/tool@v1"))) == {"action.yml": "second"}
    origin.rename(tmp_path / "gone")
    assert library.commit(second) == second.ref
    assert _files(library.bring(second)) == {"action.yml": "second"}
    with pytest.raises(NotFound, match="cannot be fetched"):
        library.bring(addresses.of(f"one/other@{'1' * 40}"))


def test_what_is_not_allowed_is_refused_by_its_line_with_the_commit_that_its_tag_is_at(origin):
    library = Library(folder=origin.parent.parent)
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: one/tool@v1\n"
    first = git(origin, "rev-parse", "v1")
    with pytest.raises(InvalidWorkflow) as refused:
        library.permit(parse(text.encode(), "ci.yml"))
    assert "ci.yml:6:1: " in str(refused.value)
    assert f"uses: one/tool@{first}  # v1" in str(refused.value)
    with pytest.raises(Denied, match="not among"):
        library.bring(addresses.of(f"one/tool@{first}"))


def test_what_is_neither_here_nor_there_is_told(tmp_path):
    library = Library(
        allowed=("*/*",), url=f"file://{tmp_path}/{{repository}}", cache=tmp_path / "c"
    )
    with pytest.raises(NotFound, match="may reach it"):
        library.bring(addresses.of(f"no/body@{'1' * 40}"))
