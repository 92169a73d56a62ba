"""A box's private directories, and the small files that runner and steps pass through them."""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from towpath.kernel.errors import InvalidInput, TooLarge

_SYSTEM_PATH = [f"{top}/{name}" for top in ("/usr/local", "/usr", "") for name in ("sbin", "bin")]
OPEN_TO_STEPS = ("files", "home", "tmp")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Layout:
    """Where things are: `private` on this machine, the others as steps see them."""

    private: Path
    workspace: str
    files: str
    home: str
    temporary: str
    path: str


def make_layout(private: Path, workspace: str, tool_paths: Sequence[Path]) -> Layout:
    """Make a layout as this machine sees it, with the private directories it names."""
    for name in OPEN_TO_STEPS:
        (private / name).mkdir(mode=0o755)
    tools = (f"{path}/bin" for path in tool_paths if f"{path}/bin" not in _SYSTEM_PATH)
    return Layout(
        private=private,
        workspace=workspace,
        files=str(private / "files"),
        home=str(private / "home"),
        temporary=str(private / "tmp"),
        path=":".join(dict.fromkeys((*tools, *_SYSTEM_PATH))),
    )


def make_private(scratch: Path | None) -> Path:
    return Path(tempfile.mkdtemp(prefix="towpath-box-", dir=scratch)).resolve()


class Exchange:
    """Files between runner and steps. Steps own the directory, so nothing in it is believed."""

    def __init__(self, layout: Layout) -> None:
        self._seen = layout.files
        self._descriptor = os.open(layout.private / "files", os.O_RDONLY | os.O_DIRECTORY)

    def put(self, name: str, data: bytes = b"") -> str:
        _check_name(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._descriptor)
            descriptor = os.open(name, flags, 0o644, dir_fd=self._descriptor)
        except OSError as error:
            raise _not_a_file(name) from error
        with open(descriptor, "wb") as file:  # noqa: PTH123
            owner = os.fstat(self._descriptor)
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(data)
        return f"{self._seen}/{name}"

    def take(self, name: str, limit: int) -> bytes:
        _check_name(name)
        # Not to wait for the other end of a pipe that a step may have made.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(name, flags, dir_fd=self._descriptor)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _not_a_file(name) from error
        data = _read(descriptor, name, limit + 1)
        if len(data) > limit:
            raise TooLarge(
                f"The file {name} left by a step has more than {limit} bytes.",
                next_step="Write less to it.",
            )
        return data

    def close(self) -> None:
        os.close(self._descriptor)


def remove(directory: Path) -> None:
    """Remove a directory that others wrote: they may have taken the right to enter a part.

    Nothing that could put links in the way may run any more.
    """

    def open_up(_: object, failed: str, __: object) -> None:
        path = Path(failed)
        with contextlib.suppress(OSError):
            for entry in (path.parent, path):
                if entry.is_relative_to(directory) and not entry.is_symlink():
                    entry.chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)

    shutil.rmtree(directory, onerror=open_up)
    shutil.rmtree(directory, ignore_errors=True)


def _read(descriptor: int, name: str, limit: int) -> bytes:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_file(name)
    with open(descriptor, "rb") as file:
        return file.read(limit)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is not a plain file name.")


def _not_a_file(name: str) -> InvalidInput:
    return InvalidInput(
        f"A step replaced the file {name} by something else.",
        next_step="Write to the file, do not replace it.",
    )
