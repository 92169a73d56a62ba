"""Actions of others: git repositories in a directory, or fetched into a cache.

What is pinned by its commit and was brought once is never fetched again. A tag or a branch, where
one is allowed, is asked for each time.
"""

import fcntl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from towpath.kernel.errors import InvalidInput, NotFound, TooLarge
from towpath.pipelines.model import addresses
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.model.workflow import InvalidWorkflow, Workflow

URL = "https://github.com/{repository}"
LARGEST = 256 * 1024 * 1024
"""Most bytes that the files of one action may have."""
_SECONDS = 300.0
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
    "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
_CONFIGURED = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "safe.directory=*",
    "fetch.recurseSubmodules=false", "protocol.allow=never", "protocol.file.allow=always",
    "protocol.http.allow=always", "protocol.https.allow=always",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Library:
    """`folder` holds OWNER/NAME as repositories; what is not there comes from `url`."""

    allowed: tuple[str, ...] = ()
    folder: Path | None = None
    url: str = URL
    cache: Path = Path()

    def permit(self, workflow: Workflow) -> None:
        """InvalidWorkflow names the lines that use what may not be used."""
        if found := tuple(addresses.refusals(workflow, self.allowed, self.commit)):
            raise InvalidWorkflow(found)

    def commit(self, address: Address) -> str:
        """Say where a ref is, as far as that is known without asking anybody."""
        return next((sha for place in self._places(address) if (sha := _at(place, address))), "")

    def bring(self, address: Address) -> bytes:
        """Give the files as a tar archive; Denied, NotFound, TooLarge."""
        known = self.commit(address)
        addresses.check(address, self.allowed, known)
        place = next((each for each in self._places(address) if _at(each, address)), None)
        if place is None or not (address.is_pinned or self._holds(address)):
            place = self._fetched(address)
        files = _git(place, "archive", "--format=tar", _at(place, address))
        if len(files) > LARGEST:
            raise TooLarge(f"The files of {address} are larger than {LARGEST} bytes.")
        return files

    def _places(self, address: Address) -> Sequence[Path]:
        name = address.repository
        given = (self.folder / name, self.folder / f"{name}.git") if self.folder else ()
        return [place for place in (*given, self._cached(address)) if place.is_dir()]

    def _holds(self, address: Address) -> bool:
        return self._places(address)[:1] not in ([], [self._cached(address)])

    def _cached(self, address: Address) -> Path:
        return self.cache / f"{address.repository}.git"

    def _fetched(self, address: Address) -> Path:
        place = self._cached(address)
        place.mkdir(parents=True, exist_ok=True)
        url = self.url.replace("{repository}", address.repository)
        ref = f"+{address.ref}:refs/towpath/{address.ref}"
        with (place / "towpath.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two jobs may ask for it at once
            try:
                _git(place, "init", "--quiet", "--bare", ".")
                _git(place, "fetch", "--quiet", "--depth=1", "--no-tags", url, ref)
            except InvalidInput as error:
                raise NotFound(
                    f"{address} cannot be fetched: {error.detail}",
                    next_step="Look whether it is there, and whether this machine may reach it.",
                ) from error
        return place


def _at(place: Path, address: Address) -> str:
    """Find the commit of a ref in a repository; empty when it has none."""
    refs = (f"refs/towpath/{address.ref}", f"refs/tags/{address.ref}", f"refs/heads/{address.ref}")
    for ref in (address.ref,) if address.is_pinned else refs:
        try:
            return (
                _git(place, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
                .decode()
                .strip()
            )
        except InvalidInput:
            continue
    return ""


def _git(place: Path, *arguments: str) -> bytes:
    options = [word for each in _CONFIGURED for word in ("-c", each)]
    try:
        done = subprocess.run(
            ["git", *options, *arguments], cwd=place, env=_ENVIRONMENT, capture_output=True,
            timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(f"git {arguments[0]} took longer than {_SECONDS:g} s.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise InvalidInput(said[-400:] or f"git {arguments[0]} failed.")
    return done.stdout
