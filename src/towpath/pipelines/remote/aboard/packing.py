"""Files into a zip as it is sent, and out of one that may be hostile."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from typing import TYPE_CHECKING

from towpath.pipelines.remote.aboard.speaking import Failed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from towpath.pipelines.remote.aboard.serving import Sending

MOST_ENTRIES = 1_000_000
_ROOM = 64 * 1024 * 1024
_RATIO = 1100
"""No honest deflate is above 1032 to 1; beyond it a zip says more than it holds."""
_PIECE = 1 << 20


def pack(target: Sending, root: str, files: Sequence[str], level: int) -> None:
    """Write a zip of files, named by their paths below `root`."""
    method = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    with zipfile.ZipFile(
        target, "w", method, compresslevel=level or None, strict_timestamps=False
    ) as archive:
        for file in files:
            name = os.path.relpath(file, root)
            try:
                archive.write(file, name)
            except OSError as error:
                raise Failed(f"{file} cannot be read: {error.strerror}.") from error


def unpack(archive: Path, folder: str) -> int:
    """Write the files of a zip below a folder; how many. Failed for one that means harm."""
    try:
        with zipfile.ZipFile(archive) as source:
            entries = source.infolist()
            _check(entries, archive.stat().st_size)
            for entry in entries:
                _write(source, entry, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Failed(f"The zip of the artifact cannot be read: {error}") from error
    return len(entries)


def _check(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise Failed(f"The zip has {len(entries)} entries; {MOST_ENTRIES} are the most.")
    claimed = sum(entry.file_size for entry in entries)
    if claimed > size * _RATIO + _ROOM:
        raise Failed(f"The zip of {size} bytes would become {claimed}: it is a trap.")
    for entry in entries:
        parts = entry.filename.split("/")
        odd = entry.filename.startswith("/") or "\\" in entry.filename or "\0" in entry.filename
        if odd or ".." in parts or not entry.filename:
            raise Failed(f"The zip names a place outside: {entry.filename[:100]!r}.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Failed(f"The zip holds a link, {entry.filename[:100]!r}.")


def _write(source: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: str) -> None:
    """Write one entry, and never more of it than it claims."""
    path = os.path.join(folder, entry.filename)
    if entry.is_dir():
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.islink(path):
        os.unlink(path)
    with source.open(entry) as packed, open(path, "wb") as file:
        # zipfile itself stops at the size that the entry claims, and compares the checksum.
        shutil.copyfileobj(packed, file, _PIECE)
