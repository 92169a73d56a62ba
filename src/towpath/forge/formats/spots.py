"""Single lines of a diff, as programs name them: by line and side, or counted from the top."""

from collections.abc import Iterator
from dataclasses import dataclass

from towpath.forge.formats.diffs import patch_of
from towpath.forge.model.diffs import Diff, DiffFile, Hunk, Row
from towpath.forge.model.threads import Side

LONGEST_HUNK = 4_000


@dataclass(frozen=True)
class Spot:
    """A row of a diff on one of its sides; `position` counts as GitHub does, from 1.

    `path` is what the file is called on this side.
    """

    path: str
    side: Side
    line: int
    position: int
    hunk: Hunk

    @property
    def excerpt(self) -> str:
        """The hunk down to this line; of a very long one the end."""
        shown = []
        for row in self.hunk.rows:
            shown.append(row)
            if self.line == (row.old if self.side == "old" else row.new):
                break
        heading, *lines = patch_of(self.hunk, shown)
        while sum(map(len, lines)) > LONGEST_HUNK and len(lines) > 1:
            lines = lines[len(lines) // 2 :]
        return "\n".join([heading, *lines])


def spots(file: DiffFile) -> Iterator[Spot]:
    """Every line of a file's diff on each side it stands on, from the top."""
    position = -1
    for hunk in file.hunks:
        position += 1
        for row in hunk.rows:
            position += 1
            yield from _sides(file, hunk, row, position)


def _sides(file: DiffFile, hunk: Hunk, row: Row, position: int) -> Iterator[Spot]:
    if row.new is not None:
        yield Spot(file.path, "new", row.new, position, hunk)
    if row.old is not None:
        yield Spot(file.old_path or file.path, "old", row.old, position, hunk)


def at_line(diff: Diff, path: str, side: Side, line: int) -> Spot | None:
    """Where a line stands; `path` may be the old name of a file, too."""
    return next((one for one in _of(diff, path) if (one.side, one.line) == (side, line)), None)


def at_position(diff: Diff, path: str, position: int) -> Spot | None:
    """The line that stands there, on the new side if it is on both."""
    return next((one for one in _of(diff, path) if one.position == position), None)


def _of(diff: Diff, path: str) -> Iterator[Spot]:
    for file in diff.files:
        if path in {file.path, file.old_path}:
            yield from spots(file)
