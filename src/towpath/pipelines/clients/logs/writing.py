"""Append by offset: bytes that were acknowledged are on disk, and none is there twice."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from towpath.kernel.disk import sync_directory
from towpath.kernel.errors import InvalidInput, TooLarge, Unavailable
from towpath.pipelines.model.execution import LOG_CAP

_ID = re.compile(r"(run|job)_[0-9a-z]{26}")
SLACK = 64 * 1024
"""Above LOG_CAP, for the line that says that the cap was reached."""


def log_path(data: Path, run: str, job: str, attempt: int) -> Path:
    """Name the file of an attempt; ids from outside are refused unless they look like ours."""
    if not _ID.fullmatch(run) or not _ID.fullmatch(job):
        raise InvalidInput("This is not the id of a job.")
    suffix = f".{attempt}" if attempt > 1 else ""
    return data / "logs" / run / f"{job}{suffix}.log"


def append(path: Path, offset: int, chunk: bytes) -> int:
    """Put `chunk` at `offset` and return how many bytes of the log are on disk for good.

    What lies before the end is taken as said before and skipped, so that a repeated request
    changes nothing. Bytes that would leave a gap are not taken: the length tells.
    """
    if offset + len(chunk) > LOG_CAP + SLACK:
        raise TooLarge(f"A job may log {LOG_CAP} bytes.", next_step="Send no more of it.")
    with _opened(path) as file:
        length = os.fstat(file).st_size
        if offset > length:
            return length
        _write(file, chunk[length - offset :], length)
        # What was there already may be the unsynced rest of a server that was killed.
        os.fdatasync(file)
        return max(length, offset + len(chunk))


def forget(data: Path, run: str) -> None:
    """Delete the logs of a run."""
    if _ID.fullmatch(run):
        shutil.rmtree(data / "logs" / run, ignore_errors=True)


def _write(file: int, rest: bytes, at: int) -> None:
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = _open(path)
    except OSError as error:
        raise _unavailable(error) from error
    try:
        yield file
    except OSError as error:
        raise _unavailable(error) from error
    finally:
        os.close(file)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            sync_directory(folder)
        return file


def _unavailable(error: OSError) -> Unavailable:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return Unavailable(
        "The disk for logs is full." if full else f"The log cannot be written: {error.strerror}.",
        next_step="Make room in the data directory; the runner keeps the lines and tries again.",
    )
