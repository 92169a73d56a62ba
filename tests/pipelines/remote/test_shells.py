"""How each shell runs a script."""

import pytest

from towpath.pipelines.remote.shells import script


@pytest.mark.parametrize(
    ("shell", "ending", "command"),
    [
        ("bash", ".sh", "bash --noprofile --norc -eo pipefail FILE"),
        ("sh", ".sh", "sh -e FILE"),
        ("python", ".py", "python FILE"),
        ("pwsh", ".ps1", "pwsh -command . 'FILE'"),
        ("perl -w {0}", "", "perl -w FILE"),
        ("", ".sh", "bash -e FILE"),
    ],
)
def test_a_shell_has_the_flags_that_github_gives_it(shell, ending, command):
    made = script(shell, "text", "/usr/bin:/bin")
    assert made.ending == ending
    assert " ".join(made.command("FILE")) == command


def test_without_bash_there_is_sh(tmp_path):
    assert script("", "text", str(tmp_path)).parts[0] == "sh"


def test_powershell_stops_at_errors_and_gives_the_last_exit_code():
    text = script("pwsh", "Get-Date", "").text
    assert text.startswith("$ErrorActionPreference = 'stop'\nGet-Date\n")
    assert text.endswith("{ exit $LASTEXITCODE }")
