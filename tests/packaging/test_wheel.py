"""What a user gets from the wheel alone: a server with its pages, and a runner with its walls."""

import re
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = """\
on: push
jobs:
  look:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cat greeting
      - shell: python
        run: import towpath; print("found at", towpath.__file__)
"""
PIP = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
    )
    (built,) = folder.glob("towpath-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel, tmp_path_factory):
    """Install the wheel into an environment of its own, as a user would."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin/python"
    hashed = ["--require-hashes", "-r", ROOT / "requirements/runtime.txt"]
    subprocess.run([python, *PIP, *hashed], check=True)
    subprocess.run([python, *PIP, "--no-deps", wheel], check=True)
    return venv / "bin/towpath"


@pytest.fixture
def served(program, tmp_path):
    """The address of a server started from the wheel, outside the source tree."""
    command = [program, "serve", "--data", tmp_path / "data", "--port", str(_free_port())]
    errors = (tmp_path / "errors.log").open("w")
    with subprocess.Popen(
        [*command, "--no-runner"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True
    ) as server:
        yield _address(server)
        server.terminate()
        assert server.wait(timeout=20) == 0
    errors.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _address(server: subprocess.Popen) -> str:
    for line in server.stdout:
        if found := re.match(r"ready (http\S+)", line):
            return found[1].rstrip("/")
    raise AssertionError("the server ended before it was ready")


def _get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode(errors="replace")


def test_the_wheel_holds_assets_templates_and_migrations(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert any("/pages/static/built/" in name and name.endswith(".css") for name in names)
    assert any("/pages/static/built/" in name and name.endswith(".js") for name in names)
    assert any(name.endswith("templates/kernel/base.html") for name in names)
    for part in ("kernel", "forge", "pipelines", "gate"):
        assert any(name.startswith(f"towpath/{part}/migrations/0001") for name in names)


def test_the_wheel_serves_pages_with_their_assets(served):
    status, page = _get(f"{served}/login")
    assert status == 200
    linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert linked
    assert {_get(served + path)[0] for path in linked} == {200}


def test_the_wheel_answers_a_probe(served):
    assert _get(f"{served}/healthz")[0] == 200


def test_the_wheel_says_its_version(program):
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in said.stdout


def test_the_wheel_runs_a_job_in_its_own_walls_and_tools(program, tmp_path):
    """The runner, its program inside the box and the Python it binds come from the wheel alone."""
    tree = tmp_path / "tree"
    (tree / ".towpath/workflows").mkdir(parents=True)
    (tree / ".towpath/workflows/ci.yml").write_text(WORKFLOW)
    (tree / "greeting").write_text("hello from the tree\n")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [program, "run"],
        check=False,
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello from the tree" in done.stdout
    assert f"found at {program.parents[1]}/lib" in done.stdout
