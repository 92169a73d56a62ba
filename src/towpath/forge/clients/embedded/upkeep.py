"""What a crash leaves behind, and collecting garbage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from towpath.forge.clients.embedded import git
from towpath.kernel.context import Kernel
from towpath.kernel.errors import TemporaryError, Unavailable
from towpath.kernel.health import LEAST_FREE_BYTES, free_bytes

# A fetch opens every pack, and each push leaves one.
MOST_PACKS = 30
MOST_LOOSE = 3_000
_GC_SECONDS = 3_500.0


def clear_locks(kernel: Kernel, repository: str) -> bool:
    """Remove lock files and half-received packs of dead processes; False if a writer lives."""
    directory = git.path(kernel, repository)
    with git.alone(directory) as nobody_writes:
        if nobody_writes:
            for leftover in list(_leftovers(directory)):
                _remove(leftover)
        return nobody_writes


def require_room(kernel: Kernel) -> None:
    """Refuse new pushes near a full disk, so that what is acknowledged can still be kept."""
    free = free_bytes(kernel.data)
    if free < LEAST_FREE_BYTES:
        raise Unavailable(
            f"The server's disk is almost full: {free // 10**6} MB are free.",
            next_step="Tell whoever runs this server, and push again once there is room.",
        )


def remove(kernel: Kernel, repository: str) -> None:
    """Remove all files of a repository; TemporaryError while something still writes there."""
    directory = git.path(kernel, repository)
    if not directory.exists():
        return
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise TemporaryError(
            f"The files of {repository} could not all be removed: {error}",
            next_step="It is tried again; if it stays, look at who owns the data directory.",
        ) from error


def _leftovers(directory: Path) -> Iterator[Path]:
    yield from directory.glob("*.lock")
    yield from (directory / "refs").rglob("*.lock")
    yield from (directory / "objects").glob("tmp_objdir-*")
    yield from (directory / "objects").glob("*/tmp_*")
    yield from (
        path for name in ("packed-refs.new", "gc.pid") if (path := directory / name).exists()
    )


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def collect(kernel: Kernel, repository: str) -> bool:
    """Pack the repository if it has grown untidy; say whether it was needed.

    Unreachable objects stay for 90 days, so that a refused merge can still be looked at.
    """
    directory = git.path(kernel, repository)
    if not _untidy(git.run(directory, "count-objects", "-v").text):
        return False
    with git.writing(directory) as held:
        git.run(directory, "gc", "--quiet", descriptors=(held,), timeout=_GC_SECONDS)
    return True


def _untidy(counts: str) -> bool:
    values = dict(line.split(": ") for line in counts.splitlines())
    return int(values["packs"]) > MOST_PACKS or int(values["count"]) > MOST_LOOSE
