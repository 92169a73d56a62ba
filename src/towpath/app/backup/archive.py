"""The file of a backup: a tar whose last member, the manifest, seals it.

It is written under another name, flushed and renamed, so a file of the asked-for name is whole.
A reader trusts nothing in it: the manifest must be there and agree with every byte, and names
that could lead out of the target, links and devices are refused before anything is written.
"""

import fcntl
import gzip
import hashlib
import io
import os
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from towpath.kernel.db.sqlite_file import sync_directory
from towpath.kernel.errors import InvalidInput, Unavailable

FORMAT = 1
_MANIFEST, _DIGEST = "manifest.json", "TOWPATH.sha256"
_CHUNK = 1 << 20
_LONGEST_MANIFEST = 1 << 30
Tell = Callable[[str, int], None]
"""Called with what is being done and how many bytes of it were, for whoever watches."""


class Member(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class _Made(msgspec.Struct, frozen=True):
    """What every layout of a manifest will say."""

    format: int
    towpath: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself; `members` are the files in it but itself."""

    format: int
    towpath: str
    created: str
    store: str
    revisions: dict[str, str]
    versions: dict[str, str]
    secrets: bool
    folders: list[str]
    members: dict[str, Member]


class Writer:
    """Adds members and remembers their digests."""

    def __init__(self, tar: tarfile.TarFile, tell: Tell) -> None:
        self._tar = tar
        self._tell = tell
        self.members: dict[str, Member] = {}
        self.folders: list[str] = []

    def add_folder(self, name: str) -> None:
        self.folders.append(name)

    def add_bytes(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        """Add what the file holds now; one that grows meanwhile counts up to here."""
        with path.open("rb") as source:
            self._add(name, source, os.fstat(source.fileno()).st_size)

    def seal(self, **about: Any) -> Manifest:
        """Write the manifest; nothing can be added any more."""
        made = Manifest(format=FORMAT, folders=self.folders, members=dict(self.members), **about)
        content = msgspec.json.format(msgspec.json.encode(made))
        digest = {_DIGEST: hashlib.sha256(content).hexdigest()}
        self._add(_MANIFEST, io.BytesIO(content), len(content), **digest)
        return made

    def _add(self, name: str, source: IO[bytes], size: int, **said: str) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime, info.pax_headers = size, 0o600, int(time.time()), said
        digesting = _Digesting(source, lambda count: self._tell(name, count))
        self._tar.addfile(info, digesting)
        self.members[name] = Member(size, digesting.digest.hexdigest())


class _Digesting(io.RawIOBase):
    """Hands bytes through and takes their digest on the way."""

    def __init__(self, source: IO[bytes], seen: Callable[[int], None]) -> None:
        self._source = source
        self._seen = seen
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.digest.update(chunk)
        self._seen(len(chunk))
        return chunk


@contextmanager
def writing(path: Path, tell: Tell) -> Iterator[tuple[Writer, Path]]:
    """Yield a writer and a free path beside the file; the file appears when all went well."""
    partial = path.with_name(f"{path.name}.partial")
    scratch = path.with_name(f"{path.name}.scratch")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    with os.fdopen(descriptor, "r+b") as file:
        _alone(descriptor, partial)
        try:
            scratch.unlink(missing_ok=True)
            file.truncate()
            os.fchmod(descriptor, 0o600)
            with tarfile.open(fileobj=file, mode=_mode(path), format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar, tell), scratch
            file.flush()
            os.fsync(descriptor)
            partial.replace(path)
            sync_directory(path.resolve().parent)
        except BaseException as error:
            partial.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _unwritable(path, error) from error
            raise
        finally:
            scratch.unlink(missing_ok=True)


def _mode(path: Path) -> Any:
    return "w:gz" if path.suffix in {".gz", ".tgz"} else "w"


def _alone(descriptor: int, partial: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Unavailable(
            f"Another backup is writing {partial}.", next_step="Wait for it, or name another file."
        ) from error


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The backup {path} could not be written: {error.strerror or error}.",
        next_step="Free or repair the disk, or name a file elsewhere; nothing was left behind.",
    )


def verify(path: Path, tell: Tell) -> Manifest:
    """Read the whole file and compare it with its manifest; InvalidInput says what is wrong."""
    seen: dict[str, Member] = {}
    manifest: bytes | None = None
    with _opened(path) as tar:
        for info, source in _members(path, tar, tell):
            if manifest is not None or info.name in seen:
                raise _broken(path, f"{info.name[:80]!r} is one member too many")
            if info.name == _MANIFEST:
                manifest = source.read(_LONGEST_MANIFEST)
                if hashlib.sha256(manifest).hexdigest() != info.pax_headers.get(_DIGEST):
                    raise _broken(path, "its manifest is not as written")
            else:
                seen[info.name] = _digested(source)
    if manifest is None:
        raise _broken(path, "it ends before its manifest, so it was never finished")
    return _agreeing(path, manifest, seen)


def extract(path: Path, manifest: Manifest, target: Path, tell: Tell) -> None:
    """Write every member below `target`, readable for us alone; digests are compared again."""
    for name in manifest.folders:
        _safe(path, name)
        (target / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(path) as tar:
        for info, source in _members(path, tar, tell):
            if info.name != _MANIFEST:
                written = _write(target / info.name, source)
                if written != manifest.members.get(info.name):
                    raise _broken(path, f"{info.name} changed while it was read")


def _write(place: Path, source: IO[bytes]) -> Member:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        return _digested(source, file)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open the tar, and call whatever is wrong with its bytes by one name."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise _broken(path, f"it cannot be read ({error.strerror})") from error
    try:
        with file, tarfile.open(fileobj=file, mode="r:*") as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise _broken(path, f"it cannot be read as a tar file ({error})") from error


def _members(
    path: Path, tar: tarfile.TarFile, tell: Tell
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for info in tar:
        _safe(path, info.name)
        source = tar.extractfile(info) if info.isreg() else None
        if source is None:
            raise _broken(path, f"{info.name[:80]!r} is not a plain file")
        yield info, source
        tell(info.name, info.size)


def _safe(path: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in name or "\\" in name:
        raise _broken(path, f"{name[:80]!r} leads out of the target")


def _digested(source: IO[bytes], target: IO[bytes] | None = None) -> Member:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
    return Member(size, digest.hexdigest())


def _agreeing(path: Path, content: bytes, seen: Mapping[str, Member]) -> Manifest:
    try:
        made = msgspec.json.decode(content, type=_Made)
        if made.format != FORMAT:
            raise _newer(path, made)
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _broken(path, f"its manifest does not read ({error})") from error
    wrong = sorted(
        name
        for name in seen.keys() | manifest.members.keys()
        if seen.get(name) != manifest.members.get(name)
    )
    if wrong:
        raise _broken(path, f"{len(wrong)} members are not as written, first {wrong[0][:80]!r}")
    return manifest


def _newer(path: Path, made: _Made) -> InvalidInput:
    return InvalidInput(
        f"{path} has the layout {made.format}, and this release reads layout {FORMAT}.",
        next_step=f"Restore it with Towpath {made.towpath[:40]} or newer.",
    )


def _broken(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path} is not a whole backup: {why}.",
        next_step="Restore another one; nothing was written.",
    )
