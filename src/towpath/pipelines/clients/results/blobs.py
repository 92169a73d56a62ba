"""Bytes named by their SHA-256: on disk before anybody hears so, whole or not there at all.

A blob may be needed by several uploads. Whoever writes one looks again once its row is there
(`is_there`), and `sweep` moves one away before it asks whether it is needed: so no blob is lost
that was acknowledged, however the two meet.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from towpath.kernel.disk import sync_directory
from towpath.kernel.errors import InvalidInput, NotFound, Unavailable
from towpath.kernel.health import LEAST_FREE_BYTES, free_bytes

FOLDER = "results"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ARRIVING, _LEAVING = "arriving", "leaving"
_BLOCK = 1 << 20
_YOUNG_SECONDS = 3600
"""A file younger than this may be about to be named by a row."""
_ABANDONED_SECONDS = 86_400


def path_of(data: Path, digest: str) -> Path:
    """Name the file of a blob."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidInput("This is not the digest of a blob.")
    return data / FOLDER / digest[:2] / digest[2:]


class Arriving:
    """A blob on its way: write() its bytes, then keep() it, or let it go with close()."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._hash = hashlib.sha256()
        self._kept = False
        self.size = 0
        _require_room(data)
        folder = _folder(data, _ARRIVING)
        self._path = folder / secrets.token_hex(16)
        with _told():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self._file = os.open(self._path, flags, 0o600)

    def write(self, piece: bytes | bytearray) -> None:
        """Take some more bytes; Unavailable when there is no room for them."""
        self._hash.update(piece)
        rest = memoryview(piece)
        with _told():
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self.size += len(piece)

    def keep(self) -> str:
        """Have all of it on disk for good, under the digest that is returned."""
        digest = self._hash.hexdigest()
        target = path_of(self._data, digest)
        with _told():
            os.fsync(self._file)
            if not target.parent.is_dir():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                sync_directory(target.parent.parent)
            # Over one that is there already: the sweep must take it for young.
            self._path.replace(target)
            sync_directory(target.parent)
        self._kept = True
        return digest

    def close(self) -> None:
        os.close(self._file)
        if not self._kept:
            self._path.unlink(missing_ok=True)


def is_there(data: Path, digest: str) -> bool:
    return path_of(data, digest).is_file()


def read(data: Path, digests: Sequence[tuple[str, int]], start: int, stop: int) -> Iterator[bytes]:
    """Read bytes start..stop of what some blobs make one after the other, by digest and size."""
    at = 0
    for digest, size in digests:
        first, last = max(start - at, 0), min(stop - at, size)
        if first < last:
            yield from _piece(path_of(data, digest), first, last)
        at += size


def digest_of(data: Path, digests: Sequence[tuple[str, int]]) -> str:
    """Compute the SHA-256 of what some blobs make one after the other."""
    if len(digests) == 1:
        return digests[0][0]
    whole = hashlib.sha256()
    for piece in read(data, digests, 0, sum(size for _, size in digests)):
        whole.update(piece)
    return whole.hexdigest()


def sweep(data: Path, wanted: Callable[[Sequence[str]], set[str]]) -> int:
    """Delete blobs that nothing needs, and what never arrived; how many files that were."""
    now = time.time()
    _end_leaving(data, wanted)
    old = {digest: path for digest, path in _blobs(data) if _age(path, now) > _YOUNG_SECONDS}
    digests = list(old)
    gone = [digest for digest in digests if digest not in wanted(digests)] if digests else []
    for digest in gone:
        with contextlib.suppress(FileNotFoundError):
            old[digest].replace(_folder(data, _LEAVING) / digest)
    _end_leaving(data, wanted)
    for path in _folder(data, _ARRIVING).iterdir():
        if _age(path, now) > _ABANDONED_SECONDS:
            path.unlink(missing_ok=True)
    return len(gone)


def _end_leaving(data: Path, wanted: Callable[[Sequence[str]], set[str]]) -> None:
    """Delete what was moved away, unless it turns out to be needed after all."""
    leaving = list(_folder(data, _LEAVING).iterdir())
    needed = wanted([path.name for path in leaving]) if leaving else set()
    for path in leaving:
        if path.name in needed:
            path.replace(path_of(data, path.name))
        else:
            path.unlink(missing_ok=True)


def _blobs(data: Path) -> Iterator[tuple[str, Path]]:
    for folder in (data / FOLDER).glob("[0-9a-f][0-9a-f]"):
        for path in folder.iterdir():
            yield folder.name + path.name, path


def _age(path: Path, now: float) -> float:
    with contextlib.suppress(FileNotFoundError):
        return now - path.stat().st_mtime
    return 0.0


def _piece(path: Path, start: int, stop: int) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(
            "The bytes of this are gone.", next_step="Run the job that made it again."
        ) from error
    with file:
        file.seek(start)
        while start < stop and (piece := file.read(min(_BLOCK, stop - start))):
            start += len(piece)
            yield piece


def _folder(data: Path, name: str) -> Path:
    folder = data / FOLDER / name
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for above in (folder, folder.parent, folder.parent.parent):
            sync_directory(above)
    return folder


def _require_room(data: Path) -> None:
    if free_bytes(data) < LEAST_FREE_BYTES:
        raise _full()


def _full() -> Unavailable:
    return Unavailable(
        "The disk for artifacts and caches is full.",
        next_step="Let whoever runs the server make room in the data directory; then try again.",
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say in words what the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full() from error
        raise Unavailable(f"The results cannot be written: {error.strerror}.") from error
