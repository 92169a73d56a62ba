"""All files of a commit as one tar archive, for whoever wants them without git."""

import subprocess

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.refs import require_commit
from towpath.kernel.context import Kernel
from towpath.kernel.errors import TooLarge

MOST_BYTES = 128 * 1024 * 1024
"""A commit may be small as git keeps it and large as files."""


def archive(kernel: Kernel, repository: str, sha: str, most: int = MOST_BYTES) -> bytes:
    """Give the files of a commit; NotFound when there is none, TooLarge beyond `most` bytes."""
    commit = require_commit(kernel, repository, sha)
    command = git.command(git.path(kernel, repository), "archive", "--format=tar", commit)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=git.environment(),
    ) as process:  # fmt: skip
        files = process.stdout.read(most + 1) if process.stdout else b""
        if len(files) > most:
            process.kill()
            raise TooLarge(
                f"The files of {commit} are larger than {most} bytes.",
                next_step="Fetch them with git.",
            )
    if process.returncode:
        raise git.GitError(f"git archive ended with {process.returncode}.")
    return files
