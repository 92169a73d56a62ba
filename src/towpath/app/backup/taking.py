"""Taking a backup, also while a server works on the same data.

The database is copied first, then what the parts keep beside it. So what lies beside may be
ahead of the rows, never behind: a row speaks only of commits and bytes that were on disk before
it was written. The other way round would leave rows that speak of commits nobody has. Branches
are put where the copied rows saw them, so the copy is of one moment: that of the database's.
"""

import platform
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import towpath
from towpath.app.backup import archive, database
from towpath.app.backup.archive import Manifest, Tell, Writer
from towpath.kernel.clock import SECOND, SystemClock
from towpath.kernel.db.migrate import History
from towpath.kernel.errors import InvalidInput
from towpath.kernel.kept import Kept
from towpath.kernel.plugin import Plugin


@dataclass(frozen=True)
class Asked:
    """What to back up and how: `secrets` says whether keys and bootstrap.json go along."""

    data: Path
    url: str
    secrets: bool = True


def take(
    file: Path, asked: Asked, parts: Sequence[Plugin], histories: Sequence[History], tell: Tell
) -> Manifest:
    """Write the backup; when this returns it is on disk under its name."""
    _require_data(asked)
    began = SystemClock().now()
    with archive.writing(file, tell) as (writer, scratch):
        with database.copied(asked.url, histories, scratch, tell) as (copied, tx):
            writer.add_file(copied.member, scratch)
            for part in parts:
                for kept in part.kept(asked.data, tx):
                    _add(writer, kept, asked)
        return writer.seal(
            towpath=towpath.__version__,
            created=datetime.fromtimestamp(began / SECOND, UTC).isoformat(timespec="seconds"),
            store=copied.store,
            revisions=copied.revisions,
            versions=_versions() | {copied.store: copied.version},
            secrets=asked.secrets,
        )


def _require_data(asked: Asked) -> None:
    if not asked.data.is_dir():
        raise InvalidInput(
            f"There is no data directory {asked.data}.",
            next_step="Name the one that the server was started with after --data.",
        )
    sqlite = asked.url.startswith("sqlite:")
    if sqlite and not (asked.data / "towpath.db").exists():
        raise InvalidInput(
            f"There is no database in {asked.data}.",
            next_step="If the server was started with --database, add the same here.",
        )


def _add(writer: Writer, kept: Kept, asked: Asked) -> None:
    name = f"data/{kept.name}"
    if kept.secret and not asked.secrets:
        return
    if kept.source is None:
        writer.add_folder(name)
    elif isinstance(kept.source, bytes):
        writer.add_bytes(name, kept.source)
    elif name not in writer.members:
        with suppress(FileNotFoundError):
            writer.add_file(name, kept.source)


def _versions() -> dict[str, str]:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    said = git.stdout.removeprefix("git version").strip()
    return {"python": platform.python_version(), "git": said}
