"""Putting a backup back: all of it, into a place that is empty, or nothing.

Everything is written beside the target first and takes its name in one step, so a restore that
is cut short leaves no directory that a server could start on.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import towpath
from towpath.app.backup import archive, database
from towpath.app.backup.archive import Manifest, Tell
from towpath.kernel.db.migrate import History, known_revisions
from towpath.kernel.db.sqlite_file import sync_directory
from towpath.kernel.errors import InvalidInput, Unavailable


def restore(
    file: Path, data: Path, url: str | None, histories: Sequence[History], tell: Tell
) -> Manifest:
    """Verify the whole file, then make `data` (and fill the database at `url`) from it."""
    _require_empty(data)
    manifest = archive.verify(file, tell)
    _require_known(manifest, histories)
    _require_store(manifest, url)
    if url is not None:
        database.require_empty(url)
    data = data.resolve()
    staged = data.with_name(f".{data.name}.restoring")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(mode=0o700, parents=True)
        (staged / "data").mkdir(mode=0o700)
        _require_room(manifest, staged)
        archive.extract(file, manifest, staged, tell)
        _put_in_place(staged, data, url)
    except OSError as error:
        raise Unavailable(
            f"The backup could not be written to {data}: {error.strerror or error}.",
            next_step="Make room, or choose another --data (a folder, not a mount point itself).",
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return manifest


def _require_empty(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise InvalidInput(
            f"{data} is not empty.",
            next_step="Name a directory that does not exist yet: nothing is written over.",
        )


def _require_known(manifest: Manifest, histories: Sequence[History]) -> None:
    """Refuse rows of a newer release; older ones are brought up to date by the next start."""
    known = {each.name: known_revisions(each) for each in histories}
    newer = [
        f"{name} {revision}"
        for name, revision in sorted(manifest.revisions.items())
        if revision not in known.get(name, ())
    ]
    if newer:
        raise InvalidInput(
            f"The backup is of a newer schema ({', '.join(newer)}) than this release, Towpath"
            f" {towpath.__version__}, knows.",
            next_step=f"Restore it with Towpath {manifest.towpath} or newer.",
        )


def _require_store(manifest: Manifest, url: str | None) -> None:
    if manifest.store == "postgresql" and url is None:
        raise InvalidInput(
            "The backup holds a PostgreSQL database.",
            next_step="Create an empty database and add --database postgresql://...",
        )
    if manifest.store == "sqlite" and url is not None:
        raise InvalidInput(
            "The backup holds a SQLite database, which cannot be put into PostgreSQL.",
            next_step="Leave --database out.",
        )


def _require_room(manifest: Manifest, staged: Path) -> None:
    needed = sum(member.size for member in manifest.members.values())
    free = shutil.disk_usage(staged).free
    if needed > free:
        raise Unavailable(
            f"The backup needs {needed // 10**6} MB and {free // 10**6} MB are free.",
            next_step="Make room, or choose another --data.",
        )


def _put_in_place(staged: Path, data: Path, url: str | None) -> None:
    kept = staged / "data"
    if url is not None:
        database.load(url, staged / database.POSTGRESQL)
    else:
        (staged / database.SQLITE).replace(kept / "towpath.db")
    os.sync()  # each file by itself would take as long as all of them were written in
    kept.replace(data)
    sync_directory(data.parent)
