"""Actions that steps use: found and read as the job itself would read them.

Their files belong to whoever wrote them, so they are unpacked and read by commands within the box:
a link in their place leads nowhere but where the job may go anyway.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats import actions
from towpath.pipelines.model import addresses, furnished
from towpath.pipelines.model.action import Action
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.remote import files
from towpath.pipelines.remote.session import Box

FILES = ("action.yml", "action.yaml")
_UNPACK_SECONDS = 300.0
_UNPACK = 'mkdir -p "$1" && tar --extract --file "$2" --directory "$1" --no-same-owner; rm "$2"'
Bring = Callable[[Address], bytes]
"""Gives the files of an action of others as a tar archive; Denied for what may not be used."""


@dataclass(frozen=True)
class Found:
    """An action, and the directory in the box where it lies; `origin` when others made it."""

    action: Action
    folder: str
    origin: Address | None = None


class Shelf:
    """The actions of one job: each of others is brought once."""

    def __init__(self, box: Box, bring: Bring) -> None:
        self._box = box
        self._bring = bring
        self._brought: dict[Address, str] = {}

    def find(self, uses: str) -> Found:
        """Find the action that a step means; one that is a program of ours lies in no folder."""
        if built_in := furnished.action(uses):
            return Found(built_in, "")
        address = addresses.of(uses)
        return self.of_others(address) if address else self.local(uses)

    def local(self, uses: str) -> Found:
        """Read the action at `./path` of the workspace; InvalidInput when there is none."""
        where = posixpath.normpath(uses.removeprefix("$/"))
        folder = posixpath.normpath(posixpath.join(self._box.workspace, where))
        return self._read(folder, where, uses, "Check the repository out first, and look at it.")

    def of_others(self, address: Address) -> Found:
        """Bring an action and read it; InvalidInput when there is none at its path."""
        whole = Address(address.owner, address.name, "", address.ref)
        if whole not in self._brought:
            self._brought[whole] = self._unpacked(whole)
        folder = posixpath.join(self._brought[whole], address.path).rstrip("/")
        found = self._read(folder, str(address), str(address), "Look at its repository.")
        return replace(found, origin=address)

    def _unpacked(self, address: Address) -> str:
        ref = address.ref.replace("/", "-")
        folder = f"{self._box.environment['HOME']}/_actions/{address.repository}/{ref}"
        archive = self._box.put("action.tar", self._bring(address))
        said = bytearray()
        ended = self._box.run(
            ["sh", "-c", f"set -e; {_UNPACK}", "sh", folder, archive], env={},
            output=lambda part: said.extend(part[: 400 - len(said)]), timeout=_UNPACK_SECONDS,
        )  # fmt: skip
        if ended.code:
            why = said.decode("utf-8", "replace").strip() or ended.reason
            raise InvalidInput(f"The files of {address} cannot be unpacked: {why}")
        return folder

    def _read(self, folder: str, where: str, uses: str, advice: str) -> Found:
        for name in FILES:
            source = files.read(self._box, f"{folder}/{name}")
            if source is not None:
                file = posixpath.normpath(f"{where}/{name}")
                return Found(actions.parse(source, file), folder)
        raise InvalidInput(f"There is no {' or '.join(FILES)} in `{uses}`.", next_step=advice)
