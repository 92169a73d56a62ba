"""What one job gets: a workspace, tools to read, limits; and what it must never be shown."""

import os
import pwd
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from towpath.kernel.errors import InvalidInput

GIB = 1 << 30
_SYSTEM = frozenset(
    {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr"}
)
_PEOPLE = 1000  # first user id of a person on Debian; system users live in places such as /bin


@dataclass(frozen=True)
class Limits:
    """Ceilings of the kernel; None is unlimited. All but `processes` count per process.

    `memory` is bytes of private writable memory (RLIMIT_DATA), not address space: Node, Go and
    Java reserve far more addresses than they use. `processes` counts threads too, for the user
    the job runs as. `file_size` is bytes, `cpu` is seconds.
    """

    processes: int | None = 2048
    open_files: int | None = 65536
    file_size: int | None = 16 * GIB
    memory: int | None = 8 * GIB
    cpu: int | None = None


def python_paths() -> tuple[Path, ...]:
    """Where the Python that runs us lives: its environment and the installation below it."""
    return tuple(dict.fromkeys(Path(path).resolve() for path in (sys.prefix, sys.base_prefix)))


@dataclass(frozen=True)
class Place:
    """Where a job runs and what it sees of this machine.

    `workspace` is written to; `tool_paths` are read, and their programs found; `shown` is read
    where a step knows of it; nothing in or above `hidden` may be shown.
    `scratch` is where the box keeps its private directories (the system's temporary directory if
    None). `appears_at` is the workspace's path as steps see it, if the box can choose.
    """

    workspace: Path
    tool_paths: tuple[Path, ...] = field(default_factory=python_paths)
    shown: tuple[Path, ...] = ()
    network: bool = False
    limits: Limits = Limits()
    hidden: tuple[Path, ...] = ()
    scratch: Path | None = None
    appears_at: str | None = None


def check(place: Place) -> None:
    """Refuse a place that would show a job what is not its business, by InvalidInput."""
    workspace = place.workspace.resolve()
    if not workspace.is_dir():
        raise InvalidInput(f"The workspace {workspace} is not a directory.")
    if place.appears_at is not None:
        _check_appearance(place.appears_at)
    _check_exposes(workspace, place.hidden, "workspace")
    private = (workspace, *((place.scratch,) if place.scratch else ()))
    for path in (*place.tool_paths, *place.shown):
        real = path.resolve()
        _check_exposes(real, (*place.hidden, *private), "tool path")
        _check_within(real, place.hidden)


def _check_appearance(path: str) -> None:
    pure = PurePosixPath(path)
    if str(pure) != path or not pure.is_absolute() or ".." in pure.parts:
        raise InvalidInput(f"{path!r} is not an absolute path.")
    if len(pure.parts) == 1 or pure.parts[1] in _SYSTEM:
        raise InvalidInput(f"The workspace cannot appear at {path}, where the system is.")


def _check_exposes(path: Path, protected: Iterable[Path], what: str) -> None:
    below = [other for other in (*protected, *_homes()) if _contains(path, other)]
    if path == Path("/") or below:
        shown = "the whole machine" if path == Path("/") else below[0]
        raise InvalidInput(
            f"The {what} {path} would show {shown} to the job.",
            next_step=f"Name a directory that holds the {what} and nothing else.",
        )


def _check_within(path: Path, hidden: Iterable[Path]) -> None:
    for other in hidden:
        if _contains(other.resolve(), path):
            raise InvalidInput(
                f"The tool path {path} lies in {other}, which jobs must not see.",
                next_step="Keep the tool, or the data, elsewhere.",
            )


def _contains(outer: Path, inner: Path) -> bool:
    return inner.resolve().is_relative_to(outer)


def _homes() -> list[Path]:
    people = (user for user in pwd.getpwall() if user.pw_uid == 0 or user.pw_uid >= _PEOPLE)
    homes = {Path(user.pw_dir) for user in people} | {Path(pwd.getpwuid(os.getuid()).pw_dir)}
    return sorted(home for home in homes if home != Path("/") and home.is_dir())
