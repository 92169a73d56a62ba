"""A Python of a step's own, made within the box by the Python it is made of.

The machine's Python stays as it is: its library is linked to, its program copied, and packages go
into directories of the new one. No virtual environment, so that tools which look for one, or make
one, find what they would find on a machine set up by hand. It runs as a program of its own, also
under the oldest Python that a job may ask for: nothing newer than 3.6 stands here.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

_NAME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_LEFT_OUT = frozenset({"site-packages", "dist-packages", "EXTERNALLY-MANAGED", "__pycache__"})
_SEEDS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
_SCRIPT = """#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def make(target: Path) -> "dict[str, str]":
    """Make it in a directory that is not there yet; say where its parts are."""
    library = target / "lib" / _NAME
    library.mkdir(parents=True)
    standard = Path(os.__file__).parent
    _link([path for path in standard.iterdir() if path.name not in _LEFT_OUT], library)
    _link([*standard.parent.glob("libpython*")], library.parent)
    for kind in ("include", "lib/pkgconfig"):
        for folder in Path(sys.base_prefix).glob(f"{kind}/{_NAME}*"):
            _link([*folder.iterdir()] if folder.is_dir() else [folder], _made(target, folder))
    python = _program(target / "bin")
    where = _paths(target)
    _seed(python, where)
    return {"python": str(python), "scripts": str(where["scripts"])}


def _made(target: Path, path: Path) -> Path:
    """Make a directory of our own for what lies at a path: packages may add to it."""
    found = target / path.relative_to(sys.base_prefix)
    found = found if path.is_dir() else found.parent
    found.mkdir(parents=True, exist_ok=True)
    return found


def _link(paths: "list[Path]", folder: Path) -> None:
    for path in paths:
        (folder / path.name).symlink_to(path)


def _program(folder: Path) -> Path:
    folder.mkdir()
    python = folder / _NAME
    shutil.copy2(os.path.realpath(sys.executable), str(python))
    for name in ("python", "python3"):
        (folder / name).symlink_to(_NAME)
    return python


def _paths(target: Path) -> "dict[str, Path]":
    """Ask where packages and their programs go: not every system says the same."""
    names = ("base", "platbase", "installed_base", "installed_platbase")
    roots = dict.fromkeys(names, str(target))
    found = {name: Path(sysconfig.get_path(name, vars=roots)) for name in ("purelib", "scripts")}
    for path in found.values():
        path.mkdir(parents=True, exist_ok=True)
    return found


def _seed(python: Path, where: "dict[str, Path]") -> None:
    """Bring pip, as the machine has it, or as Python itself carries it."""
    try:
        there = Path(importlib.import_module("pip").__file__ or "").parent.parent
    except ImportError:
        subprocess.check_call([str(python), "-m", "ensurepip"], stdout=sys.stderr)
    else:
        for name in _SEEDS:
            for path in (*there.glob(name), *there.glob(f"{name}-*-info")):
                shutil.copytree(str(path), str(where["purelib"] / path.name))
    for name in ("pip", "pip3"):
        script = where["scripts"] / name
        script.write_text(_SCRIPT.format(python=python))
        script.chmod(0o755)


def main(target: Path) -> None:
    """Make it unless it is there; say where its parts are."""
    record = target.with_name(f"{target.name}.json")
    if not record.exists():
        record.write_text(json.dumps(make(target)))
    sys.stdout.write(record.read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
