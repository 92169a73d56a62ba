"""A repository copied while it is pushed to and tidied, as it was when the rows were copied.

Branches and tags are taken from those rows, whatever git has moved since, so that rows and refs
are of one moment. Objects are listed after the rows were read: what a row names was on disk
before the row was, and objects are only added or packed. So whatever the refs need is in the
listing, be it loose or in a pack. What git derives (bitmaps, graphs) it derives again.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from towpath.forge.clients.embedded import git
from towpath.forge.model.refs import OURS
from towpath.kernel.errors import Unavailable
from towpath.kernel.kept import Kept

_OBJECT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}|pack/pack-[0-9a-f]+\.(pack|idx|mtimes)")
_PASSES = 50


def kept(data: Path, repository: str, refs: Mapping[str, str]) -> Iterator[Kept]:
    """The files that make a bare repository whose branches and tags are `refs`."""
    name = f"repositories/{repository}.git"
    directory = data / name
    ours = git.run(directory, "for-each-ref", "--format=%(objectname) %(refname)", "--", OURS)
    lines = [f"{sha} {ref}\n" for ref, sha in refs.items()]
    yield Kept(f"{name}/HEAD", (directory / "HEAD").read_bytes())
    yield Kept(f"{name}/config", (directory / "config").read_bytes())
    yield Kept(f"{name}/packed-refs", "".join(lines).encode("utf-8", "surrogateescape") + ours.out)
    yield Kept(f"{name}/refs", None)
    yield Kept(f"{name}/objects", None)
    yield from _objects(directory, name)


def _objects(directory: Path, name: str) -> Iterator[Kept]:
    """List again as long as files vanish before they are copied: a pack has taken their place."""
    seen: set[str] = set()
    for _ in range(_PASSES):
        vanished = False
        for path in _listed(directory / "objects"):
            below = path.relative_to(directory).as_posix()
            if below in seen:
                continue
            yield Kept(f"{name}/{below}", path)
            if path.exists():
                seen.add(below)
            else:
                vanished = True
        if not vanished:
            return
    raise Unavailable(
        f"The repository {directory.name} is being packed over and over.",
        next_step="Start the backup again when git has finished tidying it.",
    )


def _listed(objects: Path) -> list[Path]:
    """A pack before its index, so that no index is copied whose pack is already gone."""
    found = [path for path in objects.glob("*/*") if _OBJECT.fullmatch(_short(path))]
    return sorted(found, key=lambda path: (path.suffix == ".idx", path))


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
