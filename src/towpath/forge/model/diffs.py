"""What changed between two commits: files, hunks, rows, and words for what are no rows."""

from dataclasses import dataclass
from typing import Literal

from towpath.forge.model.places import visible

Kind = Literal["context", "added", "removed", "note"]
FileStatus = Literal["added", "removed", "modified", "renamed", "copied", "changed"]
Why = Literal["large", "huge", "binary", "left out", "empty", "name", "mode", "nothing"]
LARGE = 512_000
"""A file of more bytes is not read on a page with others."""
LARGE_ALONE = 8_000_000
"""The same for a file on a page of its own; git needs about fifteen times as much memory."""
SUBMODULE = "160000"
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_NOUNS = {"100644": "file", "100755": "executable file", "120000": "link", SUBMODULE: "submodule"}


@dataclass(frozen=True)
class Limits:
    """How much of a difference is shown: so many files, so many rows of each and of all."""

    files: int
    rows_a_file: int
    rows: int


PROGRAMS = Limits(300, 1_500, 12_000)
A_PAGE = Limits(100, 300, 3_000)
ONE_FILE = Limits(1, 8_000, 8_000)


@dataclass(frozen=True)
class Row:
    """One line; `old` and `new` are its line numbers on either side, `more` what is left out."""

    kind: Kind
    old: int | None
    new: int | None
    text: str
    more: int = 0

    @property
    def shown(self) -> str:
        return visible(self.text)


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together; `heading` is what git believes they stand in."""

    old: int
    new: int
    heading: str
    rows: tuple[Row, ...]

    @property
    def shown_heading(self) -> str:
        return visible(self.heading)


@dataclass(frozen=True)
class DiffFile:
    """One changed file. `cut` means that not all its lines are here.

    `additions` and `deletions` count lines; None for a file that is not text, or too large.
    `address` and `old_address` are paths for links, byte by byte; `like` says how many of a
    hundred parts of a renamed file are the same; sizes in bytes are known only without lines.
    """

    path: str
    old_path: str | None
    address: str
    old_address: str | None
    status: FileStatus
    old_mode: str
    new_mode: str
    old_sha: str
    new_sha: str
    like: int = 100
    additions: int | None = None
    deletions: int | None = None
    hunks: tuple[Hunk, ...] = ()
    cut: bool = False
    old_size: int | None = None
    new_size: int | None = None

    @property
    def sha(self) -> str:
        return self.old_sha if self.status == "removed" else self.new_sha

    @property
    def binary(self) -> bool:
        return self.additions is None

    @property
    def is_submodule(self) -> bool:
        return SUBMODULE in {self.old_mode, self.new_mode}

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show both sides; what is in the file decides what is sent."""
        return self.binary and self.why != "huge" and self.path.lower().endswith(_PICTURES)

    @property
    def told(self) -> list[str]:
        """What happened to the file beside its lines."""
        was, is_now = (_NOUNS.get(mode, "file") for mode in (self.old_mode, self.new_mode))
        if self.status in {"added", "removed"}:
            return [f"new {is_now}" if self.status == "added" else f"{was} removed"]
        told = [f"{self.like} % the same"] if self.like < 100 else []  # noqa: PLR2004 - of a hundred
        if self.status == "changed":
            return [*told, f"was a {was}, is a {is_now}"]
        modes = {"100755": "made executable", "100644": "no longer executable"}
        return told + ([modes.get(self.new_mode, "")] if self.old_mode != self.new_mode else [])

    @property
    def why(self) -> Why:
        """Why there are no lines here."""
        largest = max(self.old_size or 0, self.new_size or 0)
        if largest > LARGE:
            return "huge" if largest > LARGE_ALONE else "large"
        if self.binary and not self.cut:
            return "binary"
        if self.cut:
            return "left out"
        if self.status in {"added", "removed"}:
            return "empty"
        if self.status in {"renamed", "copied"}:
            return "name"
        return "mode" if self.old_mode != self.new_mode else "nothing"

    @property
    def shown_path(self) -> str:
        return visible(self.path)

    @property
    def shown_old_path(self) -> str:
        return visible(self.old_path or "")


@dataclass(frozen=True)
class Diff:
    """`count` files changed; `files` holds those after the first `skipped`.

    Where the change was too large to look at all of it, `exact` is false, and the numbers are
    those of the part that was seen.
    """

    files: tuple[DiffFile, ...]
    count: int
    additions: int
    deletions: int
    skipped: int = 0
    exact: bool = True

    @property
    def cut(self) -> bool:
        return self.count > len(self.files) or any(file.cut for file in self.files)

    @property
    def following(self) -> int | None:
        """How many files come before the next page; None on the last."""
        seen = self.skipped + len(self.files)
        return seen if seen < self.count else None
