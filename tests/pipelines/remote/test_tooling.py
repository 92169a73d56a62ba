"""The built-in actions/setup-python and actions/setup-node, in a real box."""

import pytest

from towpath.kernel.errors import InvalidInput, NotFound
from towpath.pipelines.remote import toolchains, tooling

THERE = list(tooling.tools())
PYTHON = next(tool for tool in THERE if tool.kind == "Python")


@pytest.fixture
def box(open_steps):
    return open_steps("namespaces", shown=(PYTHON.folder,)).box


def test_a_step_gets_the_python_it_asks_for_to_install_into(box):
    made = tooling.set_up(box, "actions/setup-python", {"python-version": PYTHON.version}, THERE)
    assert made.outputs["python-version"] == PYTHON.version
    said = bytearray()
    env = {**made.env, "PATH": ":".join((*made.paths, box.environment["PATH"]))}
    script = "set -e; python --version; pip --version; touch $pythonLocation/lib/it-is-ours"
    ended = box.run(["bash", "-c", script], env=env, output=said.extend)
    assert ended.code == 0, said
    assert f"Python {PYTHON.version}".encode() in said
    again = tooling.set_up(box, "actions/setup-python", {"Python-Version": PYTHON.version}, THERE)
    assert again.outputs == made.outputs


def test_what_is_not_followed_is_said(box):
    given = {"python-version": PYTHON.version, "cache": "pip", "token": "x", "pip-install": ""}
    made = tooling.set_up(box, "actions/setup-python", given, THERE)
    assert made.notes[0] == "`cache` is not followed here."
    assert len(made.notes) == 2


@pytest.mark.parametrize(
    ("files", "given"),
    [
        ({"pyproject.toml": '[project]\nrequires-python = ">=3"'},
         {"python-version-file": "pyproject.toml"}),
        ({".python-version": "3"}, {}),
        ({}, {}),
    ],
)  # fmt: skip
def test_a_project_may_say_which_it_wants(open_steps, workspace, files, given):
    for name, text in files.items():
        (workspace / name).write_text(text)
    box = open_steps("bare").box
    made = tooling.set_up(box, "actions/setup-python", given, THERE)
    assert made.outputs["python-version"].startswith("3.")


def test_a_version_that_is_not_there_is_told_with_those_that_are(open_steps):
    box = open_steps("bare").box
    with pytest.raises(NotFound, match=rf"There are: .*{PYTHON.version}"):
        tooling.set_up(box, "actions/setup-python", {"python-version": "2.3"}, THERE)
    with pytest.raises(InvalidInput, match="There is no file `x`"):
        tooling.set_up(box, "actions/setup-python", {"python-version-file": "x"}, THERE)
    with pytest.raises(InvalidInput, match="nothing for x86"):
        tooling.set_up(box, "actions/setup-python", {"architecture": "x86"}, THERE)


def test_node_is_found_first_and_installs_beside_itself(open_steps):
    (node, *_) = toolchains.found("node") or pytest.skip("NO NODE ON THIS MACHINE")
    box = open_steps("bare").box
    made = tooling.set_up(box, "actions/setup-node", {"node-version": node.version}, THERE)
    said = bytearray()
    env = {**made.env, "PATH": ":".join((*made.paths, box.environment["PATH"]))}
    box.run(["sh", "-c", "which node; node --version"], env=env, output=said.extend)
    assert said.decode().split() == [f"{made.paths[0]}/node", made.outputs["node-version"]]
