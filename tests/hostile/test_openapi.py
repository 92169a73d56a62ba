"""schemathesis over the whole OpenAPI and a real server: nothing breaks, all is documented."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
KNOWN = "[parameters]\nowner = '{owner}'\nrepo = '{name}'\nname = '{name}'\nnumber = {number}\n"


@pytest.fixture
def explore(harbour, tmp_path):
    """explore("fuzzing", examples=3): run the program, and say what it says when it fails."""

    def run(phases, *, examples, known, seconds, seed=1):
        config = tmp_path / "schemathesis.toml"
        owner, _, name = harbour.repository.partition("/")
        config.write_text(
            KNOWN.format(owner=owner, name=name, number=harbour.number) if known else ""
        )
        program = Path(sys.executable).parent / "schemathesis"
        command = [str(program), "--config-file", str(config), "run"]
        command += [f"{harbour.server.url}/openapi.json", "--checks", CHECKS, "--phases", phases]
        command += ["-H", f"Authorization: Bearer {harbour.world.admin.token}", "--no-color"]
        command += ["--max-examples", str(examples), "--seed", str(seed), "--no-shrink"]
        # It would find its own token among the answers, revoke it, and see 401 from then on.
        command += ["--exclude-path", "/api/towpath/v1/tokens/{token_id}"]
        # It would delete or rename the repository that all the other requests are about.
        for verb, method in (("delete", "delete"), ("change", "patch")):
            operation = f"{verb}_api_v3_repos__owner___repo__{method}"
            command += ["--exclude-operation-id", operation]
        command += ["--generation-database", "none", "--request-timeout", "30"]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
        assert "unexpected error" not in harbour.server.log.read_text()
        assert harbour.world.admin.get("/api/towpath/v1/me")["role"] == "admin"
        return done.stdout

    return run


def test_a_few_requests_to_each_address(explore):
    told = explore("fuzzing", examples=2, known=True, seconds=240)
    assert "Tested: " in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known", "phases"),
    [(True, "coverage,fuzzing"), (False, "fuzzing")],
    ids=["what is there", "what is not"],
)
def test_many_requests_to_each_address(explore, known, phases):
    told = explore(phases, examples=10, known=known, seconds=900)
    print(next(line for line in told.splitlines() if "generated" in line))
