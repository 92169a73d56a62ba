"""The log of a job's current attempt."""

from pathlib import Path

from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput
from towpath.pipelines.clients.logs import reading, writing
from towpath.pipelines.clients.logs.reading import Piece
from towpath.pipelines.model.run import Job


def append_log(kernel: Kernel, of: Job, offset: int, chunk: bytes) -> int:
    """Put bytes into a job's log; returns how many are on disk for good."""
    if offset < 0:
        raise InvalidInput("An offset is 0 or more.")
    return writing.append(_log(kernel, of), offset, chunk)


def log_size(kernel: Kernel, of: Job) -> int:
    return reading.size(_log(kernel, of))


def read_log(kernel: Kernel, of: Job, start: int, length: int) -> bytes:
    return reading.read(_log(kernel, of), start, length)


def log_lines(
    kernel: Kernel, of: Job, start: int, stop: int, *, most: int, last: bool = False
) -> Piece:
    """Read lines of a log between two bytes; with `last`, the last ones."""
    path = _log(kernel, of)
    if last:
        start = reading.tail_start(path, start, stop, most)
    return reading.lines(path, start, stop, most=most)


def line_start(kernel: Kernel, of: Job, number: int) -> int:
    """Find the byte at which a line begins."""
    path = _log(kernel, of)
    return reading.line_start(path, number, reading.size(path))


def line_number(kernel: Kernel, of: Job, at: int) -> int:
    """Count the line that begins at a byte, from 1."""
    return 1 + reading.newlines(_log(kernel, of), at)


def _log(kernel: Kernel, of: Job) -> Path:
    return writing.log_path(kernel.data, of.run, of.id, max(of.attempt, 1))
