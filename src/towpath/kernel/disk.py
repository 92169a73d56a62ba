"""Files that outlive a power failure.

A file is on disk when its content was synced, and so was each directory that leads to it by a
name that is new: a rename or a creation that nobody synced may be undone by the machine.
"""

import os
import secrets
from pathlib import Path


def sync_directory(folder: Path) -> None:
    """Have the names in a directory on disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Have the content of a file on disk, whoever wrote it."""
    _sync(path, os.O_RDONLY | os.O_NOFOLLOW)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Write beside and rename: whoever reads meanwhile, and a machine that fails, has one or the
    other whole. Nobody else can read the file, not even for a moment, unless `mode` lets them.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(descriptor, mode)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    sync_directory(path.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
