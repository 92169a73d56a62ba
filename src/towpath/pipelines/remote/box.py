"""One job's place to run: how well this machine can wall it off, and a box of the best kind.

    with open_box(Place(workspace)) as box:
        box.run(["bash", "-e", box.put("script", b"make test")], env={}, output=log.write)

place.py says what a job gets, session.py what a box does, namespaces.py and bare.py make one.
"""

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from towpath.kernel.errors import TowpathError, Unavailable
from towpath.pipelines.remote import bare, namespaces
from towpath.pipelines.remote.place import Limits, Place
from towpath.pipelines.remote.session import Box, Exit

__all__ = [
    "CHOICES", "Box", "Exit", "Isolation", "Limits", "Place", "choose", "detect", "open_box",
]  # fmt: skip
CHOICES = ("auto", "namespaces", "none")


@dataclass(frozen=True)
class Isolation:
    """How well a job is walled off: "namespaces" suits hostile code, "none" trusted code only."""

    level: Literal["namespaces", "none"]
    why: str


@functools.cache
def detect() -> Isolation:
    """Try a real sandbox, once per process: only the kernel knows whether it allows one."""
    with tempfile.TemporaryDirectory(prefix="towpath-detect-") as directory:
        try:
            with namespaces.open_box(Place(Path(directory))) as box:
                ended = box.run(["true"], env={}, output=len, timeout=10)
        except TowpathError as error:
            return Isolation("none", f"Trusted code only: {error}")
    if ended.code != 0:
        return Isolation("none", f"Trusted code only: a sandbox opens, but nothing runs: {ended}")
    return Isolation("namespaces", "Each job runs in a bubblewrap sandbox of its own.")


def choose(wish: str) -> Isolation:
    """Take the best there is ("auto"), insist on "namespaces", or do without ("none")."""
    if wish == "none":
        return Isolation("none", "Trusted code only, as it was asked for.")
    found = detect()
    if wish == "namespaces" and found.level != wish:
        raise Unavailable(
            f"Jobs cannot be walled off on this machine. {found.why}",
            next_step="Install bubblewrap, or run trusted code only with --isolation none.",
        )
    return found


def open_box(place: Place, isolation: Isolation | None = None) -> Box:
    """Open a box as well walled as this machine allows, or as told; InvalidInput, Unavailable."""
    level = (isolation or detect()).level
    return namespaces.open_box(place) if level == "namespaces" else bare.open_box(place)
