"""A place that would show a job what is not its business is refused before anything starts."""

from pathlib import Path

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.remote.place import Limits, Place, check, python_paths


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "work"
    path.mkdir(parents=True)
    return path


def test_a_workspace_below_the_data_directory_and_the_tools_of_this_python_are_fine(workspace):
    check(Place(workspace, hidden=(workspace.parent,), scratch=workspace.parent))


@pytest.mark.parametrize("path", ["/", "/home", "/home/..", "/usr/..", "/root"])
def test_a_tool_path_that_is_everything_or_a_home_is_refused(workspace, path):
    if path == "/home" and not any(Path("/home").iterdir()):
        pytest.skip("nobody lives in /home on this machine")
    with pytest.raises(InvalidInput, match="would show"):
        check(Place(workspace, (Path(path),)))


def test_a_tool_path_above_the_workspace_is_refused(workspace):
    for path in (workspace, workspace.parent, workspace.parent.parent):
        with pytest.raises(InvalidInput, match=f"would show {workspace}"):
            check(Place(workspace, (path,)))


def test_a_tool_path_above_or_in_what_is_hidden_is_refused(workspace, tmp_path):
    hidden = tmp_path / "hidden"
    tool = hidden / "tool"
    tool.mkdir(parents=True)
    for path in (tmp_path, hidden, tool):
        with pytest.raises(InvalidInput):
            check(Place(workspace, (path,), hidden=(hidden,)))


def test_a_link_does_not_hide_where_a_tool_path_leads(workspace, tmp_path):
    (tmp_path / "tools").symlink_to("/")
    with pytest.raises(InvalidInput, match="tool path / would show the whole machine"):
        check(Place(workspace, (tmp_path / "tools",)))


@pytest.mark.parametrize("path", ["/", "/root"])
def test_a_workspace_that_is_everything_or_a_home_is_refused(path):
    with pytest.raises(InvalidInput, match="would show"):
        check(Place(Path(path)))


def test_a_workspace_above_the_data_directory_is_refused(workspace):
    with pytest.raises(InvalidInput, match="workspace"):
        check(Place(workspace.parent.parent, (), hidden=(workspace.parent,)))


def test_a_workspace_that_is_not_there_is_refused(workspace):
    with pytest.raises(InvalidInput, match="not a directory"):
        check(Place(workspace / "missing"))


@pytest.mark.parametrize(
    "path", ["/", "/usr/src", "/etc", "/proc/x", "work", "/work/../etc", "/a/"]
)
def test_a_workspace_may_not_appear_where_the_system_is(workspace, path):
    with pytest.raises(InvalidInput):
        check(Place(workspace, appears_at=path))


def test_the_python_that_runs_us_is_found_by_its_real_place():
    assert all(path == path.resolve() and path.is_dir() for path in python_paths())
    assert len(set(python_paths())) == len(python_paths())


def test_there_are_limits_unless_one_is_lifted():
    assert Limits().processes
    assert Limits(processes=None).processes is None
