"""The log of one job on the runner's own disk, until the server has it for good."""

import os
import threading
from pathlib import Path

from towpath.pipelines.model.execution import LOG_CAP


class Spool:
    """Appended to by the job's thread, read by the one that sends; `grown` tells it when.

    At `cap` bytes a line says so and the rest of what the job prints is dropped; our own lines
    (`note`) still find room, for they tell how the job ended.
    """

    def __init__(self, path: Path, cap: int = LOG_CAP) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._cap = cap
        self._size = os.fstat(self._file).st_size
        self._full = False
        self._lock = threading.Lock()
        self._line_open = False
        self.grown = threading.Event()

    @property
    def size(self) -> int:
        return self._size

    def write(self, data: bytes) -> None:
        """Add what the job printed."""
        with self._lock:
            room = self._cap - self._size
            if len(data) <= room:
                self._append(data)
            elif not self._full:
                self._full = True
                self._append(data[: max(room, 0)])
                self._append_line(
                    f"The log has reached {self._cap} bytes: the rest of the output is dropped."
                )

    def note(self, line: str) -> None:
        """Add a line of our own, on a line by itself."""
        with self._lock:
            self._append_line(line)

    def read(self, offset: int, most: int) -> bytes:
        return os.pread(self._file, min(most, max(0, self._size - offset)), offset)

    def close(self) -> None:
        os.close(self._file)

    def _append_line(self, line: str) -> None:
        begin = "\n" if self._line_open else ""
        self._append(f"{begin}{line}\n".encode())

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        if data:
            self._line_open = not data.endswith(b"\n")
            self._size += len(data)
            self.grown.set()
