"""What a part keeps in the data directory and a backup must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """One file or folder below the data directory.

    A file may be gone or longer by the time it is copied: whoever names it has seen to it that
    either is harmless.
    """

    name: str
    """Its path below the data directory."""
    source: Path | bytes | None
    """The file to copy; or bytes made for the backup, where the file itself may change meanwhile;
    or None for a folder that must be there even when it is empty."""
    secret: bool = False
    """Whether it opens other things, as a key does: one may want that elsewhere."""


def below(data: Path, folder: str) -> Iterator[Kept]:
    """Every plain file below `folder`, or the file of that name; links are nobody's data."""
    start = data / folder
    paths = [start] if start.is_file() else sorted(start.rglob("*"))
    for path in paths:
        if path.is_file() and not path.is_symlink():
            yield Kept(path.relative_to(data).as_posix(), path)
