"""The key file: a line for each key, its id and 256 bits in base64, the oldest first.

It is read anew each time, so a file that was replaced counts at once. A key is never in the
environment, which every child of a process inherits, nor on a command line, which everybody on
the machine can read.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from towpath.kernel import ids
from towpath.kernel.context import Kernel
from towpath.kernel.disk import replace_file
from towpath.kernel.errors import InvalidInput

FILE = "secret.keys"
_BYTES = 32


@dataclass(frozen=True)
class Ring:
    """The keys at hand; it never prints them."""

    path: Path
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def newest(self) -> str | None:
        return list(self.keys)[-1] if self.keys else None


def path_of(kernel: Kernel) -> Path:
    chosen = kernel.settings.secret_keys_file
    return Path(chosen) if chosen else kernel.data / FILE


def load(kernel: Kernel) -> Ring:
    """Read the keys; a missing file is a ring without keys, an unreadable one InvalidInput."""
    path = path_of(kernel)
    try:
        lines = path.read_text("ascii").splitlines()
    except FileNotFoundError:
        return Ring(path)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error
    return Ring(path, dict(_parse(path, line) for line in lines if line.strip()))


def add(ring: Ring) -> str:
    """Make a key and add it to the file, which is on disk when this returns; its id."""
    made = ids.new("key")
    _write(ring.path, {**ring.keys, made: secrets.token_bytes(_BYTES)})
    return made


def drop(ring: Ring, key: str) -> None:
    """Take a key out of the file for good."""
    _write(ring.path, {name: raw for name, raw in ring.keys.items() if name != key})


def _parse(path: Path, line: str) -> tuple[str, bytes]:
    name, _, text = line.strip().partition(" ")
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise _unreadable(path) from None
    if not name or len(raw) != _BYTES:
        raise _unreadable(path)
    return name, raw


def _write(path: Path, keys: Mapping[str, bytes]) -> None:
    lines = [f"{name} {base64.b64encode(raw).decode()}\n" for name, raw in keys.items()]
    replace_file(path, "".join(lines).encode(), 0o600)


def _unreadable(path: Path) -> InvalidInput:
    return InvalidInput(
        f"The key file {path} cannot be read.",
        next_step="Put it back from your backup; each line is a key's id, a space and its base64.",
    )
