"""Actions that lie in the workspace: found and read as the job itself would read them.

Their files belong to whoever wrote the commit, so they are read by a command within the box: a
link in their place leads nowhere but where the job may go anyway.
"""

import posixpath
from dataclasses import dataclass

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats import actions
from towpath.pipelines.model.action import Action
from towpath.pipelines.remote.session import Box

FILES = ("action.yml", "action.yaml")
_LONGEST = 1 << 20
_SECONDS = 30.0


@dataclass(frozen=True)
class Found:
    """An action, and the directory in the box where it lies."""

    action: Action
    folder: str


def find(box: Box, uses: str) -> Found:
    """Read the action at `./path` of the workspace; InvalidInput when there is none."""
    where = posixpath.normpath(uses.removeprefix("$/"))
    folder = posixpath.normpath(posixpath.join(box.workspace, where))
    for name in FILES:
        source = _read(box, f"{folder}/{name}")
        if source is not None:
            return Found(actions.parse(source, posixpath.normpath(f"{where}/{name}")), folder)
    raise InvalidInput(
        f"There is no {' or '.join(FILES)} in `{uses}`.",
        next_step="Check the repository out first, and look at the path.",
    )


def _read(box: Box, path: str) -> bytes | None:
    said = bytearray()
    ended = box.run(
        ["head", "-c", str(_LONGEST), "--", path], env={}, output=said.extend, timeout=_SECONDS
    )
    return bytes(said) if ended.code == 0 else None
