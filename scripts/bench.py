"""Runs one benchmark by its name (hyphens, as on the command line), or all of them.

Each benchmark is a program benchmarks/<name>.py that ends with one line of JSON; this script adds
nothing to its output, so that the line stays the last one.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "benchmarks"


def main() -> None:
    known = names()
    wanted = [name.replace("_", "-") for name in sys.argv[1:]] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"No benchmark called {', '.join(unknown)}. There are: {', '.join(known)}.")
    failed = [name for name in wanted if run(name) != 0]
    if failed:
        sys.exit(f"Below the bar or broken: {', '.join(failed)}.")


def names() -> list[str]:
    """Every program in the folder; a module they share does not end in a main guard."""
    programs = [path for path in sorted(FOLDER.glob("*.py")) if "__main__" in path.read_text()]
    return [path.stem.replace("_", "-") for path in programs]


def run(name: str) -> int:
    program = FOLDER / f"{name.replace('-', '_')}.py"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    return subprocess.run(
        [sys.executable, program], env=environment, cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    main()
