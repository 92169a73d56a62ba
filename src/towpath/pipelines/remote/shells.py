"""How each `shell:` runs a script, with the flags that GitHub gives it.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

import os
import shutil
from dataclasses import dataclass

BY_NAME = {
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail", "{0}"),
    "sh": ("sh", "-e", "{0}"),
    "python": ("python", "{0}"),
    "pwsh": ("pwsh", "-command", ". '{0}'"),
}
_WITHOUT_A_NAME = {"bash": ("bash", "-e", "{0}"), "sh": ("sh", "-e", "{0}")}
_ENDINGS = {"bash": ".sh", "sh": ".sh", "": ".sh", "python": ".py", "pwsh": ".ps1"}
_MOST_SHOWN = 100
_PWSH_FIRST = "$ErrorActionPreference = 'stop'\n"
_PWSH_LAST = "\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"
"""The exit code of the last program, as the other shells have it."""


@dataclass(frozen=True)
class Script:
    """A script as a shell wants it, in a file with this ending."""

    text: str
    ending: str
    parts: tuple[str, ...]

    def command(self, file: str) -> list[str]:
        """Say how to run it once it lies in `file`."""
        return [part.replace("{0}", file) for part in self.parts]


def script(shell: str, text: str, path: str) -> Script:
    """Prepare a script; without a shell it is bash's, or sh's where `path` has no bash."""
    if shell == "pwsh":
        text = f"{_PWSH_FIRST}{text}{_PWSH_LAST}"
    return Script(text, _ENDINGS.get(shell, ""), _parts(shell, path))


def shown(text: str) -> list[str]:
    """Show the beginning of a script as somebody would have typed it."""
    lines = text.strip().splitlines()
    more = [f"… {len(lines) - _MOST_SHOWN} more lines"] if len(lines) > _MOST_SHOWN else []
    return [*(f"$ {line}" for line in lines[:_MOST_SHOWN]), *more]


def program(name: str, path: str) -> str:
    """Find a program as a job sees it before any step has changed PATH."""
    return shutil.which(name, os.X_OK, path) or name


def _parts(shell: str, path: str) -> tuple[str, ...]:
    if not shell:
        return _WITHOUT_A_NAME["bash" if shutil.which("bash", os.X_OK, path) else "sh"]
    return BY_NAME.get(shell) or tuple(shell.split())
