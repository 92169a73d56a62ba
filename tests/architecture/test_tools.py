"""The configured tools see a planted violation of each rule they keep."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYPROJECT = Path("pyproject.toml").resolve()

PLANTED_CALLS = {
    "a clock of one's own": ("from datetime import UTC, datetime", "datetime.now(UTC)", "TID251"),
    "sleeping": ("import time", "time.sleep(1)", "TID251"),
    "a task nobody keeps": ("import asyncio", "asyncio.create_task(VALUE)", "TID251"),
    "a private look at the environment": ("import os", 'os.environ["HOME"]', "TID251"),
    "a relative import": ("from . import sibling", "sibling.VALUE", "TID252"),
    "a shell": ("import subprocess", 'subprocess.run("ls", shell=True, check=True)', "S602"),
    "a printed line": ("", 'print("here")', "T201"),
    "an argument without a type": ("", "(lambda: 1)()\ndef untyped(x): pass", "ANN001"),
}


def ruff(line: str, preamble: str = "") -> str:
    text = f'"""Planted."""\n\n{preamble}\n\nVALUE = 1\n{line}\n'
    command = ["ruff", "check", "--config", PYPROJECT, "--output-format=concise"]
    return _run([*command, "--stdin-filename", "src/towpath/gate/loops.py", "-"], text)


def _run(command: list, text: str = "", **options) -> str:
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:]], check=False, input=text, capture_output=True, text=True, **options
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("planted", PLANTED_CALLS.values(), ids=PLANTED_CALLS)
def test_ruff_refuses_a_planted_call(planted):
    preamble, line, code = planted
    assert f" {code} " in ruff(line, preamble)


def test_ruff_has_a_reason_beside_every_rule_it_leaves_out():
    assert rules_without_reason(PYPROJECT.read_text()) == []


def rules_without_reason(text: str) -> list[str]:
    """Name each line of ruff's ignore list that has no comment beside it."""
    lines = text.split("ignore = [")[1].split("\n]", maxsplit=1)[0].splitlines()
    return [line.strip() for line in lines if line.strip() and not line.partition("#")[2].strip()]


def test_a_planted_rule_left_out_without_reason_is_found():
    planted = (
        """ignore = [\n    "D203",  # the other way is taken\n    "S602",\n    "T201",  #\n]"""
    )
    assert rules_without_reason(planted) == ['"S602",', '"T201",  #']


def test_mypy_is_strict(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text("def untyped(x):\n    return x\n\n\nNAME: int = 'text'\n")
    environment = {"PATH": os.environ["PATH"], "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    said = _run(["mypy", "--config-file", PYPROJECT, planted], env=environment, cwd=tmp_path)
    assert "[no-untyped-def]" in said
    assert "[assignment]" in said


PLANTED_IMPORTS = {
    "a part looks up": ("forge/service.py", "import towpath.gate.service", "Floors"),
    "parts on one floor meet": ("gate/service.py", "import towpath.rollouts.service", "Floors"),
    "the kernel knows a part": ("kernel/db.py", "import towpath.forge.service", "Floors"),
    "facts know a part": ("facts/forge.py", "import towpath.forge.service", "Floors"),
    "a package on no floor": ("other/__init__.py", '"""Nowhere."""', "Floors"),
    "a model with a database": ("gate/model.py", "import sqlalchemy", "Models are pure"),
    "a model with a web framework": ("gate/model/x.py", "import fastapi", "Models are pure"),
}


@pytest.fixture
def stub(tmp_path):
    """A house called towpath with every floor, which shadows the real one for a subprocess."""
    for part in ("app", "rollouts", "gate", "pipelines", "forge", "facts", "kernel"):
        _write(tmp_path / "towpath" / part / "__init__.py", '"""A part."""\n')
        _write(tmp_path / "towpath" / part / "service.py", '"""Its door."""\n')
    _write(tmp_path / "towpath/__init__.py", '"""A house."""\n')
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _contracts(stub: Path) -> list[str]:
    """Name the contracts that import-linter finds broken in the stub."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(stub)}
    command = ["lint-imports", "--no-cache", "--config", PYPROJECT]
    said = _run(command, env=environment, cwd=stub)
    assert "Contracts:" in said, said
    return [line for line in said.splitlines() if line.endswith(" BROKEN")]


def test_import_linter_leaves_a_house_in_order_alone(stub):
    assert _contracts(stub) == []


@pytest.mark.parametrize("planted", PLANTED_IMPORTS.values(), ids=PLANTED_IMPORTS)
def test_import_linter_refuses_a_planted_import(stub, planted):
    path, line, contract = planted
    _write(stub / "towpath" / path, f"{line}\n")
    if "model/" in path:
        _write(stub / "towpath/gate/model/__init__.py", '"""Pure."""\n')
    broken = _contracts(stub)
    assert len(broken) == 1
    assert broken[0].startswith(contract)
