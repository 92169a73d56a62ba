"""One git process: no shell, no user's configuration, nothing but what stands here.

Whoever moves refs or packs holds the repository's `writers` file with a shared lock, which the
git child inherits: as long as any such process lives, even an orphan of a killed server, the
exclusive lock cannot be had, and only its owner may clear away stale lock files (see upkeep).
"""

import fcntl
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, TowpathError, Unavailable

MOST_PACK_BYTES = 2 * 1024**3
_ID = re.compile(r"repo_[0-9a-z]{26}")
_PATH = "/usr/local/bin:/usr/bin:/bin"
_CONFIG = {
    # Nothing acknowledged is lost: objects and refs reach the disk before git says so.
    "core.fsync": "all",
    "core.fsyncMethod": "fsync",
    # One pack is two fsyncs; the same push as loose objects would be one for each object.
    "receive.unpackLimit": "1",
    "receive.advertisePushOptions": "true",
    "receive.maxInputSize": str(MOST_PACK_BYTES),
    "uploadpack.allowFilter": "true",
    # Garbage is collected by the night's maintenance, never in the middle of a push.
    "gc.auto": "0",
    "maintenance.auto": "false",
    "receive.autogc": "false",
    "gc.cruftPacks": "true",
    "gc.pruneExpire": "90.days.ago",
    # A pack is a stranger's input; these are warnings by default and attacks in practice.
    "transfer.fsckObjects": "true",
    "receive.fsck.hasDot": "error",
    "receive.fsck.hasDotdot": "error",
    "receive.fsck.hasDotgit": "error",
    "receive.fsck.fullPathname": "error",
    "receive.fsck.nullSha1": "error",
    # Harmless faults that old, honest histories carry.
    "receive.fsck.missingSpaceBeforeDate": "warn",
    "receive.fsck.zeroPaddedFilemode": "warn",
    "receive.fsck.badTimezone": "warn",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.attributesFile": "/dev/null",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "core.filesRefLockTimeout": "5000",
    "core.packedRefsTimeout": "5000",
    "protocol.allow": "never",
    "safe.directory": "*",
    # The same inputs must give the same merge on every machine and version of the defaults.
    "merge.renames": "true",
    "merge.directoryRenames": "conflict",
    "merge.renameLimit": "7000",
    "merge.conflictStyle": "merge",
}


class GitError(TowpathError):
    """git refused or failed; `detail` holds its words."""


@dataclass(frozen=True)
class Result:
    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def words(self) -> str:
        return self.err.decode("utf-8", "replace").strip()


def path(kernel: Kernel, repository: str) -> Path:
    """Where the bare repository of this id lies, whether or not it exists."""
    if not _ID.fullmatch(repository):
        raise InvalidInput(f"{repository[:80]!r} is not the id of a repository.")
    return kernel.data / "repositories" / f"{repository}.git"


def run(
    directory: Path,
    *arguments: str,
    data: bytes | None = None,
    also: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
    descriptors: Sequence[int] = (),
    timeout: float = 60.0,
) -> Result:
    """Run `git --git-dir=directory …` to its end; a code outside `accept` raises GitError.

    `timeout` in seconds; running into it raises Unavailable. `also` joins the environment.
    """
    try:
        done = subprocess.run(
            command(directory, *arguments),
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            env=environment() | dict(also or {}),
            pass_fds=descriptors,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"git {arguments[0]} took more than {timeout:.0f} s.",
            next_step="Try again later, or ask for less at once.",
        ) from error
    result = Result(done.returncode, done.stdout, done.stderr)
    if result.code not in accept:
        raise GitError(f"git {arguments[0]} ended with {result.code}: {result.words[:2000]}")
    return result


def command(directory: Path, *arguments: str) -> list[str]:
    return ["git", f"--git-dir={directory}", *arguments]


@cache
def environment() -> dict[str, str]:
    """The whole environment of every git process; copy it to add to it."""
    pairs: dict[str, str] = {}
    for number, (key, value) in enumerate(_CONFIG.items()):
        pairs |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return pairs | {
        "PATH": _PATH,
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
    }


def configured(**overrides: str) -> dict[str, str]:
    """Configuration on top of ours, as an environment; `__` in a name stands for the dot."""
    known = len(_CONFIG)
    extra = {"GIT_CONFIG_COUNT": str(known + len(overrides))}
    for number, (name, value) in enumerate(overrides.items(), start=known):
        extra[f"GIT_CONFIG_KEY_{number}"] = name.replace("__", ".")
        extra[f"GIT_CONFIG_VALUE_{number}"] = value
    return extra


def hold(directory: Path) -> int:
    """Take the writers' lock and return the descriptor that holds it; blocks for an instant."""
    descriptor = _writers(directory)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def release(descriptor: int) -> None:
    os.close(descriptor)


@contextmanager
def writing(directory: Path) -> Iterator[int]:
    """Hold the repository's writers' lock; pass the descriptor on to the git process."""
    descriptor = hold(directory)
    try:
        yield descriptor
    finally:
        release(descriptor)


@contextmanager
def alone(directory: Path) -> Iterator[bool]:
    """Yield True if nobody else is writing, and keep it so; False at once if somebody is."""
    descriptor = _writers(directory)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _writers(directory: Path) -> int:
    return os.open(directory / "writers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
