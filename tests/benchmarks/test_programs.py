"""Each benchmark runs to its last line on a small amount; its figures mean nothing then."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "figures"),
    [
        ("pages", {"page home, p50", "API runs, p99"}),
        ("forge_git", {"clone", "push of everything", "fetch of 100 commits"}),
        pytest.param(
            "scale", {"events, 1 worker", "runs, 2 workers to 1"}, marks=pytest.mark.postgres
        ),
    ],
)
def test_a_program_ends_with_its_figures(program, figures):
    done = subprocess.run(
        [sys.executable, f"benchmarks/{program}.py", "--small"],
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}src"},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert figures <= {each["name"] for each in told["figures"]}
    assert all(each["value"] > 0 for each in told["figures"])
