"""Places in a repository as an address names them: a ref, then a path, both with slashes."""

import string
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from towpath.forge.model.names import NO_OBJECT, require_sha
from towpath.kernel.errors import InvalidInput, NotFound

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The name of a tree without entries, which git knows without having it."""
_SHA_LENGTH = len(NO_OBJECT)
_UNRESERVED = frozenset(b"/-._~") | frozenset(
    (string.ascii_letters + string.digits).encode()
)  # RFC 3986


@dataclass(frozen=True)
class Place:
    """A path ("" is the top) in a branch, or in a commit when `rev` is its full name.

    Paths are bytes to git; what is not UTF-8 in them is kept as surrogates (PEP 383).
    """

    rev: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_commit(self) -> bool:
        return _is_sha(self.rev)

    @property
    def shown(self) -> str:
        return visible(self.path)

    @property
    def address(self) -> str:
        """The end of an address that leads here."""
        return address(self.rev, self.path)

    @property
    def above(self) -> list["Place"]:
        """The folders that lead here, the top first."""
        parts = self.path.split("/")[:-1] if self.path else []
        return [Place(self.rev, "/".join(parts[:end])) for end in range(len(parts) + 1)]


def find_place(text: str, branches: Collection[str]) -> Place:
    """Take apart `rev/path`: the longest branch that it begins with, else a full commit name."""
    parts = text.strip("/").split("/")
    for end in range(len(parts), 0, -1):
        rev, path = "/".join(parts[:end]), "/".join(parts[end:])
        if rev in branches or (end == 1 and _is_sha(rev)):
            return Place(rev, path and path_of(path))
    raise NotFound(
        f"There is no branch {visible(parts[0][:80])} here.",
        next_step="Look at the list of branches, or give the full name of a commit.",
    )


def path_of(path: str) -> str:
    """Check the path of something inside a repository: no way up, no empty part."""
    if "\0" in path or set(path.split("/")) & {"", ".", ".."}:
        raise InvalidInput(
            f"{visible(path[:200])} is not a path in a repository.",
            next_step="Write it like folder/file.",
        )
    return path


def address(*parts: str) -> str:
    """Join parts for a link; bytes that are not UTF-8 travel as they are."""
    raw = "/".join(filter(None, parts)).encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in raw)


def visible(text: str) -> str:
    """Spell out characters that would hide or reorder what a reader sees (CVE-2021-42574)."""
    return "".join(letter if _plain(letter) else f"⟨U+{ord(letter):04X}⟩" for letter in text)


def _plain(letter: str) -> bool:
    return letter == "\t" or letter.isprintable() or unicodedata.category(letter) == "Zs"


def _is_sha(rev: str) -> bool:
    if len(rev) != _SHA_LENGTH:
        return False
    try:
        require_sha(rev)
    except InvalidInput:
        return False
    return True
