"""What the machine offers: programs, disk, clock, walls around jobs, limits."""

import ctypes
import os
import platform
import re
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from towpath.app.doctor.finding import Finding, ok, problem, warning
from towpath.kernel import health
from towpath.pipelines import service as pipelines

_OLDEST_SQLITE = (3, 35, 0)  # RETURNING
_WAL_RESET_MENDED = (3, 51, 3)
_OLDEST_GIT = (2, 38)  # merge-tree --write-tree
_LEAST_INODES = 10_000
_FEW_FILES, _ENOUGH_FILES = 1024, 4096
_SYNCS = 5
_SLOW_SYNC_SECONDS = 0.1
_UNSYNCED = 5  # TIME_ERROR of adjtimex(2)
_MEMORY = {"tmpfs", "ramfs"}
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs", "afs"}


def programs() -> Iterator[Finding]:
    yield _sqlite(sqlite3.sqlite_version_info)
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    yield _git(git.stdout)
    yield ok("python", f"Python {platform.python_version()}")


def _sqlite(version: tuple[int, ...]) -> Finding:
    told = f"SQLite {'.'.join(map(str, version))}"
    if version < _OLDEST_SQLITE:
        return problem(
            "sqlite-version", f"{told} is too old", "RETURNING is missing before 3.35.",
            "Use a Python that brings SQLite 3.35 or newer.",
        )  # fmt: skip
    if version < _WAL_RESET_MENDED:
        return ok(
            "sqlite-version",
            f"{told}; its WAL-reset bug (before 3.51.3) cannot strike here",
            "It needs two connections that write or checkpoint at the same moment; one process"
            " holds the file and one connection of it does both, and readers can do neither.",
        )
    return ok("sqlite-version", f"{told}; no defect known that concerns us")


def _git(said: str) -> Finding:
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None:
        return problem(
            "git-version", "git does not run", "Repositories are kept and merged by git.",
            "apt install git",
        )  # fmt: skip
    version = (int(found[1]), int(found[2]))
    if version < _OLDEST_GIT:
        return problem(
            "git-version", f"git {found[0]} is too old",
            "Merging in memory (merge-tree --write-tree) came with 2.38.",
            "Install git 2.38 or newer.",
        )  # fmt: skip
    return ok("git-version", said.strip())


def disk(data: Path) -> Iterator[Finding]:
    told = health.disk(data)
    if told.state == "good":
        yield ok("disk", told.words)
    else:
        make = problem if told.state == "bad" else warning
        yield make("disk", told.words, "A full disk refuses new work.", told.next_step)
    room = os.statvfs(data)
    if room.f_files and room.f_favail < _LEAST_INODES:
        yield warning(
            "inodes", f"{room.f_favail} more files can be made",
            "Every log and every object of git is a file.",
            "Delete small files, or move the data to a file system with more inodes.",
        )  # fmt: skip
    else:
        yield ok("inodes", f"{room.f_favail} more files can be made")


def storage(data: Path) -> Iterator[Finding]:
    """Whether what is synced there is kept, as far as one can tell without pulling the plug."""
    kind = file_system(data)
    if kind in _MEMORY:
        yield warning(
            "file-system", f"{data} is on {kind}, in memory",
            "Nothing in it survives a restart of the machine.", "Move the data to a disk.",
        )  # fmt: skip
    elif kind in _NETWORK:
        yield warning(
            "file-system", f"{data} is on {kind}, over the network",
            "Locks and write-ahead logs of SQLite need a local disk; syncs may be promises only.",
            "Use a local disk, or PostgreSQL for the rows and a server that honours fsync.",
        )  # fmt: skip
    else:
        yield ok("file-system", f"{data} is on {kind or 'an unnamed file system'}")
    yield _sync(data)


def file_system(path: Path) -> str:
    """The type of what is mounted there, by the longest mount point above it."""
    found = ("", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        if path.resolve().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, after.split()[0])
    return found[1]


def _sync(data: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=data) as file:
            began = time.monotonic()
            for _ in range(_SYNCS):
                os.pwrite(file.fileno(), os.urandom(4096), 0)
                os.fsync(file.fileno())
            took = (time.monotonic() - began) / _SYNCS
    except OSError as error:
        return problem(
            "fsync", f"a file in {data} cannot be written and synced: {error.strerror}",
            "Nothing can be acknowledged.", "Repair the disk, or who may write to it.",
        )  # fmt: skip
    if took > _SLOW_SYNC_SECONDS:
        return warning(
            "fsync", f"a sync takes {took * 1000:.0f} ms",
            "Every answer waits for one.", "Use a faster disk, or keep other load off it.",
        )  # fmt: skip
    return ok("fsync", f"a sync takes {took * 1000:.1f} ms")


def clock() -> Iterator[Finding]:
    first, wall = time.monotonic(), time.time()
    drift = (time.time() - wall) - (time.monotonic() - first)
    if abs(drift) > 1:
        yield warning(
            "clock", f"the clock just jumped by {drift:.1f} s", "Due times move with it.",
            "Let one service alone set the clock.",
        )  # fmt: skip
    elif (state := _adjtimex()) == _UNSYNCED:
        yield warning(
            "clock", "the clock is not synchronised, says the kernel",
            "Times shown, tokens' ends and schedules follow it.",
            "Run a time service (systemd-timesyncd, chrony) on this machine or its host.",
        )  # fmt: skip
    else:
        told = "is synchronised" if state >= 0 else "runs evenly; the kernel does not say more"
        yield ok("clock", f"the clock {told}")


def _adjtimex() -> int:
    """Ask how the kernel's clock is kept, changing nothing; -1 where one may not ask."""
    try:
        return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
    except (OSError, AttributeError):
        return -1


def zones() -> Iterator[Finding]:
    count = len(zoneinfo.available_timezones())
    zoneinfo.ZoneInfo("Europe/Paris")
    yield ok("time-zones", f"{count} time zones are known")


def isolation() -> Iterator[Finding]:
    walls = pipelines.walls()
    if walls.level == "none":
        bubblewrap = "is" if shutil.which("bwrap") else "is not"
        yield warning(
            "isolation", f"jobs cannot be walled off: {walls.why} (bwrap {bubblewrap} installed)",
            "A job could read and kill what its runner can; only loopback is served then.",
            "Install bubblewrap and allow user namespaces, or run jobs on another machine.",
        )  # fmt: skip
    else:
        own = "a user of their own" if walls.user is not None else "the user who serves"
        yield ok("isolation", f"jobs run in {walls.level}, as {own}")


def limits(server: int | None) -> Iterator[Finding]:
    """Judge those of the running server where there is one, ours otherwise."""
    whose = "the server" if server else "a server started from here"
    most = _open_files(server)
    level = problem if most < _FEW_FILES else warning
    if most < _ENOUGH_FILES:
        yield level(
            "open-files", f"{whose} may open {most} files",
            "Each connection, stream and git process takes some.",
            "Raise it: ulimit -n 65536, or LimitNOFILE= in the unit.",
        )  # fmt: skip
    else:
        yield ok("open-files", f"{whose} may open {most} files")


def _open_files(server: int | None) -> int:
    if server:
        text = Path(f"/proc/{server}/limits").read_text()
        found = re.search(r"^Max open files\s+(\d+)", text, re.MULTILINE)
        return int(found[1]) if found else 1 << 20
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft
