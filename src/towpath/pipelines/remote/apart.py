"""A user id of this machine for each job, where the runner is root.

Root cannot be limited in processes, and a job that broke out would be root: so its user 1000 is
mapped to an id that owns nothing else. Bubblewrap waits in its new user namespace while we write
the map, and forbid namespaces within it, from outside.
"""

import contextlib
import json
import os
import secrets
import select
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from towpath.kernel.errors import Unavailable

INSIDE = 1000
# Ids that no distribution hands out; the second is for containers that map only 65,536 of them:
# https://systemd.io/UIDS-GIDS/
_SPARE = (range(1_879_048_192, 2_147_483_647), range(61_184, 65_519))
_WAIT = 20.0  # seconds for bubblewrap to make its namespaces
_FORBID = "echo 0 > /proc/sys/user/max_user_namespaces"


def spare_user() -> int | None:
    """Pick an id at random that this machine lets us hand out; None unless we are root."""
    if os.geteuid() != 0:
        return None
    maps = [Path("/proc/self", name).read_text().split() for name in ("uid_map", "gid_map")]
    for spare in _SPARE:
        user = secrets.choice(spare)
        if all(_maps(fields, user) for fields in maps):
            return user
    return None


def _maps(fields: list[str], user: int) -> bool:
    starts, counts = map(int, fields[0::3]), map(int, fields[2::3])
    return any(start <= user < start + count for start, count in zip(starts, counts, strict=True))


class Apart:
    """Bubblewrap's half-way stop, at which its user namespace gets its map."""

    def __init__(self, user: int) -> None:
        self._user = user
        self._info, self._tells = os.pipe()
        self._waits, self._go = os.pipe()
        self.descriptors: tuple[int, ...] = (self._tells, self._waits)

    @property
    def arguments(self) -> list[str]:
        return [
            *("--info-fd", str(self._tells), "--userns-block-fd", str(self._waits)),
            *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"),
        ]

    def give(self, directories: Iterable[Path]) -> None:
        """Make the job's user their owner; Unavailable where even root may not."""
        try:
            for directory in directories:
                os.chown(directory, self._user, self._user)
        except OSError as error:
            raise _no_user(error) from error

    def settle(self) -> None:
        """Map the ids once bubblewrap has stopped; Unavailable if it has not or may not."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()
        try:
            pid = self._told()["child-pid"]
            for kind in ("uid", "gid"):
                Path(f"/proc/{pid}/{kind}_map").write_text(f"0 0 1\n{INSIDE} {self._user} 1\n")
            _within(pid, ["sh", "-c", _FORBID])
            os.write(self._go, b".")
        except (OSError, ValueError, LookupError) as error:
            raise _no_user(error) from error

    def close(self) -> None:
        for descriptor in (*self.descriptors, self._info, self._go):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _told(self) -> dict[str, Any]:
        text = b""
        while select.select([self._info], [], [], _WAIT)[0] and (
            more := os.read(self._info, 4096)
        ):
            text += more
            with contextlib.suppress(ValueError):
                return dict(json.loads(text))
        raise ValueError("bubblewrap ended early")


def _no_user(error: Exception) -> Unavailable:
    return Unavailable(f"The job gets no user of its own: {error}")


def _within(pid: int, command: Iterable[str]) -> None:
    """Run a command as the namespace's root; its environment is empty but for a path."""
    done = subprocess.run(
        ["/usr/bin/nsenter", f"--user=/proc/{pid}/ns/user", "--", *command],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        timeout=_WAIT,
        check=False,
    )
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip())
