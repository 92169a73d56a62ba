"""A Python of a step's own, made of the machine's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from towpath.pipelines.remote import shadow, toolchains

TELL = (
    "import sys, ssl, json; print(json.dumps([sys.prefix, sys.base_prefix, sys.version_info[:3]]))"
)


def _make(tool, target):
    command = [tool.program, "-I", shadow.__file__, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("tool", toolchains.found("Python")[:2], ids=lambda tool: tool.version)
def test_it_is_no_virtual_environment_and_has_pip_of_its_own(tool, tmp_path):
    target = tmp_path / "made"
    told = _make(tool, target)
    said = json.loads(subprocess.check_output([told["python"], "-c", TELL]))
    assert said[:2] == [str(target), str(target)]
    assert tool.version.startswith(".".join(map(str, said[2])))
    pip = subprocess.check_output([Path(told["scripts"]) / "pip", "--version"], text=True)
    assert f" from {target}/" in pip
    where = "import sysconfig; print(sysconfig.get_path('include'))"
    headers = Path(subprocess.check_output([told["python"], "-c", where], text=True).strip())
    assert headers.is_relative_to(target)
    (headers / "greenlet").mkdir(parents=True)  # as a package with headers does
    assert not (tool.folder / "include" / headers.name / "greenlet").exists()
    assert _make(tool, target) == told  # a second step asks for the same


def test_it_is_written_for_every_python_a_job_may_ask_for():
    source = Path(shadow.__file__).read_text()
    compile(source, "shadow.py", "exec", dont_inherit=True)
    import ast

    ast.parse(source, feature_version=(3, 6))


@pytest.mark.slow
def test_every_python_of_this_machine_can_be_had(tmp_path):
    for tool in toolchains.found("Python"):
        assert _make(tool, tmp_path / tool.version)["python"].startswith(str(tmp_path))
    assert sys.version_info
