"""What differs between two commits: which files, how many lines of each, and the lines.

Each answer is bounded in bytes and time, whatever was pushed: the names of the files are cheap and
come first; counting lines and printing them ends where a page would end.
"""

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.objects import MISSING, MOST_COMMITS, not_kept
from towpath.forge.model.diffs import LARGE, LARGE_ALONE
from towpath.forge.model.names import require_sha
from towpath.kernel.context import Kernel

MOST_BYTES = 2_000_000
_MOST_LISTED = 8_000_000
_COUNT_SECONDS = 5.0
_PATCH_SECONDS = 20.0
# Finding what was renamed compares every new file with every lost one.
_PLAIN = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short"),
    *("--find-renames", "-l200"),
)


def changed(kernel: Kernel, repository: str, base: str, head: str) -> tuple[bytes, bool]:
    """Which files differ, as `git diff --raw -z` lists them, and whether those are all."""
    names = (require_sha(base), require_sha(head), "--")
    return _some(
        git.path(kernel, repository), ("--raw", "-z", "--no-abbrev", *names), _MOST_LISTED, LARGE
    )


def counted(
    kernel: Kernel, repository: str, base: str, head: str, only: Sequence[str] = ()
) -> tuple[bytes, bool]:
    """How many lines came and went, as `git diff --numstat -z` says, as far as 5 s go.

    `only` are addresses of paths; a large file is counted when it is asked for alone.
    """
    return _some(
        git.path(kernel, repository),
        ["--numstat", "-z", require_sha(base), require_sha(head), "--", *_paths(only)],
        _MOST_LISTED,
        LARGE_ALONE if only else LARGE,
        _COUNT_SECONDS,
    )


def patch(
    kernel: Kernel,
    repository: str,
    base: str,
    head: str,
    *,
    first: str = "",
    only: Sequence[str] = (),
    limit: int = MOST_BYTES,
) -> tuple[bytes, bool]:
    """The lines, file after file in the order of the list, and whether those are all.

    It begins with the file `first`, or holds those in `only`; both are addresses of paths.
    """
    begin = [b"--skip-to=" + unquote_to_bytes(first)] if first else []
    ends = [require_sha(base), require_sha(head)]
    return _some(
        git.path(kernel, repository),
        ["--patch", "--full-index", *begin, *ends, "--", *_paths(only)],
        limit,
        LARGE_ALONE if only else LARGE,
    )


def raw_mails(
    kernel: Kernel, repository: str, base: str, head: str, limit: int = MOST_BYTES
) -> bytes:
    """The commits that head has and base has not, each as a mail with its patch; cut as above."""
    directory = git.path(kernel, repository)
    plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-signature", "--stdout")
    chosen = (f"--max-count={MOST_COMMITS}", require_sha(head), f"^{require_sha(base)}", "--")
    command = git.command(directory, "format-patch", *plain, *chosen)
    return read_some(command, {}, limit, _PATCH_SECONDS)[0]


def _paths(addresses: Sequence[str]) -> list[bytes]:
    return [unquote_to_bytes(one) for one in addresses]


def _some(
    directory: Path,
    arguments: Sequence[str | bytes],
    limit: int,
    large: int,
    seconds: float = _PATCH_SECONDS,
) -> tuple[bytes, bool]:
    also = git.configured(core__bigFileThreshold=str(large))
    command = [*git.command(directory, "diff", *_PLAIN), *arguments]
    return read_some(command, also, limit, seconds)


def read_some(
    command: Sequence[str | bytes], also: dict[str, str], limit: int, seconds: float
) -> tuple[bytes, bool]:
    """Read at most `limit` bytes of what git prints, for so long, then end it."""
    with subprocess.Popen(
        command,
        env=git.environment() | also,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        alarm = threading.Timer(seconds, process.kill)
        alarm.start()
        try:
            printed = process.stdout.read(limit + 1) if process.stdout else b""
            is_whole = len(printed) <= limit and process.wait() == 0
        finally:
            # What we have read is enough; git would go on to the end of a huge change.
            alarm.cancel()
            process.kill()
    if process.returncode == MISSING:
        raise not_kept()
    return printed[:limit], is_whole
