"""Pythons and Nodes that lie on this machine, for jobs that ask for a version of their own.

They are looked for where people and tools put them: a runner's tool cache, pyenv, uv, nvm, and the
system's own directories. Nothing is fetched and nothing installed on the machine.
"""

import functools
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from towpath.kernel.errors import NotFound
from towpath.pipelines.model import versions

CACHE = Path("/opt/hostedtoolcache")
_SYSTEM = (Path("/usr/local"), Path("/usr"))
_OURS = {"Python": Path(sys.base_prefix), "node": Path(sys.prefix)}
"""Where Towpath's own Python lies, and its Node if it was installed with one."""
_ASK_SECONDS = 20.0
_HOMES = {
    "Python": (
        ".pyenv/versions/*", ".local/share/uv/python/cpython-*",
        ".local/share/mise/installs/python/*",
    ),
    "node": (
        ".nvm/versions/node/*", ".local/share/mise/installs/node/*",
        ".volta/tools/image/node/*",
    ),
}  # fmt: skip
_PROGRAMS = {"Python": re.compile(r"python3?\.\d+"), "node": re.compile(r"node")}
_NUMBERS = re.compile(r"(?:^|[^\d.])v?(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)(?![\d.])")


@dataclass(frozen=True)
class Tool:
    """One version of a kind ("Python" or "node"): its program, and the directory it lies in."""

    kind: str
    version: str
    program: Path
    folder: Path


def choose(kind: str, wanted: str, there: Iterable[Tool], *, early: bool = False) -> Tool:
    """Pick the best; NotFound names those that are there."""
    by_version = {tool.version: tool for tool in there if tool.kind == kind}
    best = versions.best(wanted, by_version, early=early)
    if best is None:
        known = sorted(by_version, key=lambda each: versions.version(each) or _NOTHING)
        raise NotFound(
            f"No {kind} {wanted} is on this machine.",
            next_step=f"There are: {', '.join(known)}." if known else "There is none at all.",
        )
    return by_version[best]


_NOTHING = versions.Version((0, 0, 0))


def found(kind: str, caches: Iterable[Path] = (CACHE,), home: Path | None = None) -> list[Tool]:
    """Find all of a kind; of one version that lies in several places the first counts."""
    home = home or Path(pwd.getpwuid(os.getuid()).pw_dir)
    folders = [folder for cache in caches for folder in sorted(cache.glob(f"{kind}/*/*"))]
    folders += [folder for pattern in _HOMES[kind] for folder in sorted(home.glob(pattern))]
    tools = [tool for folder in folders if (tool := _in_folder(kind, folder))]
    tools += _of_system(kind)
    first: dict[str, Tool] = {}
    for tool in tools:
        first.setdefault(tool.version, tool)
    return list(first.values())


def _in_folder(kind: str, folder: Path) -> Tool | None:
    """Read the version from a name such as `3.12.1`, `v20.1.0` or `cpython-3.12.1-linux-…`."""
    name = folder.parent.name if folder.name in {"x64", "arm64"} else folder.name
    known = _NUMBERS.search(name)
    program = folder / "bin" / ("node" if kind == "node" else "python3")
    if known is None or folder.is_symlink() or not program.is_file():
        return None
    return Tool(kind, known[1], program, folder)


def _of_system(kind: str) -> Iterator[Tool]:
    for top in dict.fromkeys((_OURS[kind], *_SYSTEM)):
        for program in sorted((top / "bin").glob("*")):
            if _PROGRAMS[kind].fullmatch(program.name) and (version := _asked(program)):
                yield Tool(kind, version, program, top)


@functools.cache
def _asked(program: Path) -> str:
    """Ask a program which version it is; empty when it does not say."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, env={},
            timeout=_ASK_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    known = _NUMBERS.search(said.stdout)
    return known[1] if known else ""


def shown() -> tuple[Path, ...]:
    """List the directories that a job must see, beyond what it sees anyway, to use them."""
    tools = (tool for kind in _HOMES for tool in found(kind))
    known = {*_SYSTEM, *_OURS.values()}
    return tuple(dict.fromkeys(tool.folder for tool in tools if tool.folder not in known))
