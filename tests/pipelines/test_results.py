"""What npm's clients of artifacts and caches find: a whole server, a real runner, real sandboxes.

The clients are GitHub's own, unmodified (tests/node). They run as actions of the repository, for
only actions are given the token that these services want.
"""

import textwrap

import pytest

from tests.node.fetch import MODULES
from towpath.kernel.secrets import service as secrets

ACTIONS = MODULES / "@actions"
JOB = "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"


def action(name: str, script: str) -> dict[str, str]:
    """An action of the repository in the folder `name`, with npm's clients at hand."""
    imports = "".join(
        f"const {{ {what} }} = await import({str(ACTIONS / where)!r});\n"
        for what, where in (
            ("DefaultArtifactClient", "artifact/lib/artifact.js"),
            ("restoreCache, saveCache", "cache/lib/cache.js"),
            ("getIDToken, getInput, setOutput", "core/lib/core.js"),
        )
    )
    body = "import fs from 'node:fs';\n" + imports + textwrap.dedent(script)
    runs = f"name: {name}\nruns: {{using: node20, main: index.mjs}}\n"
    return {f"{name}/action.yml": runs, f"{name}/index.mjs": body}


UPLOAD = action(
    "upload",
    """
    fs.mkdirSync('out/deep', { recursive: true });
    fs.writeFileSync('out/deep/hull.txt', 'oak\\n');
    fs.writeFileSync('out/large.bin', Buffer.alloc(20_000_000, 7));
    const client = new DefaultArtifactClient();
    const files = ['out/deep/hull.txt', 'out/large.bin'];
    const made = await client.uploadArtifact('boat', files, 'out', { compressionLevel: 0 });
    console.log('uploaded', made.size > 20_000_000, made.digest.length, made.id > 0);
    """,
)
DOWNLOAD = action(
    "download",
    """
    const client = new DefaultArtifactClient();
    const { artifacts } = await client.listArtifacts();
    console.log('listed', artifacts.map((each) => each.name).join());
    const { artifact } = await client.getArtifact('boat');
    const wanted = { path: 'in', expectedHash: artifact.digest };
    const got = await client.downloadArtifact(artifact.id, wanted);
    console.log('mismatch', got.digestMismatch, fs.statSync('in/large.bin').size);
    console.log('hull', fs.readFileSync('in/deep/hull.txt', 'utf8').trim());
    await client.deleteArtifact('boat');
    console.log('left', (await client.listArtifacts()).artifacts.length);
    """,
)


@pytest.mark.slow
def test_npms_client_uploads_an_artifact_that_a_later_job_downloads(dock, start):
    dock.runner("--tool-path", str(MODULES))
    run = start(
        f"  a:\n{JOB}      - uses: ./upload\n  b:\n    needs: a\n{JOB}      - uses: ./download\n",
        **UPLOAD,
        **DOWNLOAD,
    )
    ended = dock.finished(run, 120)
    log = dock.log(run, "a") + dock.log(run, "b")
    assert ended["conclusion"] == "success", log
    assert "\nuploaded true 64 true\n" in log
    assert "\nlisted boat\n" in log
    assert "\nmismatch false 20000000\n" in log
    assert "\nhull oak\n" in log
    assert "\nleft 0\n" in log


KEEP = action(
    "keep",
    """
    fs.mkdirSync('tools', { recursive: true });
    fs.writeFileSync('tools/axe', 'sharp\\n');
    console.log('missed', await restoreCache(['tools'], 'tools-1', ['tools-']));
    console.log('kept', (await saveCache(['tools'], 'tools-1')) > 0);
    console.log('again', await saveCache(['tools'], 'tools-1'));
    """,
)
FIND = action(
    "find",
    """
    console.log('exact', await restoreCache(['tools'], 'tools-1'));
    console.log('axe', fs.readFileSync('tools/axe', 'utf8').trim());
    console.log('begins', await restoreCache(['tools'], 'tools-2', ['other-', 'tools-']));
    console.log('elsewhere', await restoreCache(['saws'], 'tools-1'));
    """,
)


@pytest.mark.slow
def test_npms_client_keeps_a_cache_that_a_later_job_finds(dock, start):
    dock.runner("--tool-path", str(MODULES))
    run = start(
        f"  a:\n{JOB}      - uses: ./keep\n  b:\n    needs: a\n{JOB}      - uses: ./find\n",
        **KEEP,
        **FIND,
    )
    ended = dock.finished(run, 120)
    log = dock.log(run, "a") + dock.log(run, "b")
    assert ended["conclusion"] == "success", log
    for line in ("missed undefined", "kept true", "again -1", "exact tools-1", "axe sharp",
                 "begins tools-1", "elsewhere undefined"):  # fmt: skip
        assert f"\n{line}\n" in log


BUILT_IN = """
      - run: mkdir -p out/deep && echo oak > out/deep/hull.txt && echo no > out/secret.key
      - id: up
        uses: actions/upload-artifact@v4
        with:
          name: boat
          path: |
            out
            !out/*.key
          retention-days: 2
      - run: test -n "$NUMBER" && echo "at $URL"
        env:
          NUMBER: ${{ steps.up.outputs.artifact-id }}
          URL: ${{ steps.up.outputs.artifact-url }}
      - id: tools
        uses: actions/cache@v4
        with: {path: "~/tools", key: tools-1, restore-keys: tools-}
      - run: echo "hit='${{ steps.tools.outputs.cache-hit }}'"
      - run: mkdir -p ~/tools; echo axe > ~/tools/axe
"""
LATER = """
      - uses: actions/download-artifact@v4
        with: {name: boat, path: in}
      - run: find in -type f; cat in/deep/hull.txt
      - id: tools
        uses: actions/cache@v4
        with: {path: "~/tools", key: tools-1}
      - run: echo "hit='${{ steps.tools.outputs.cache-hit }}' $(cat ~/tools/axe)"
      - uses: actions/download-artifact@v4
        with: {name: other}
"""


def test_the_built_in_actions_hand_files_from_job_to_job_and_keep_a_cache(dock, start):
    dock.runner()
    run = start(
        f"  a:\n    runs-on: linux\n    steps:{BUILT_IN}"
        f"  b:\n    needs: a\n    runs-on: linux\n    steps:{LATER}"
    )
    dock.finished(run, 120)
    first, second = dock.log(run, "a"), dock.log(run, "b")
    assert dock.job(run, "a")["conclusion"] == "success", first
    assert f"\nat {dock.kernel.url}/runs/{run}/artifacts/" in first
    assert "\nhit=''\n" in first
    assert "as 'tools-1'" in first.split("Post")[-1]
    assert "\nin/deep/hull.txt\noak\n" in second
    assert "secret.key" not in second
    assert "\nhit='true' axe\n" in second
    assert "This run has no artifact named 'other'." in second
    assert dock.job(run, "b")["conclusion"] == "failure"


IDENTITY = action(
    "identity",
    """
    const token = await getIDToken('sts.example');
    const claims = JSON.parse(atob(token.split('.')[1]));
    console.log('claims', claims.sub.length, claims.aud, claims.repository.split('/')[1]);
    console.log('shown', token);
    """,
)


@pytest.mark.slow
def test_npms_client_gets_an_id_token_where_the_workflow_asks_for_it(dock, start):
    dock.runner("--tool-path", str(MODULES))
    secrets.prepare(dock.kernel)
    asks = "    permissions: {id-token: write, contents: read}\n"
    run = start(
        f"  a:\n{asks}{JOB}      - uses: ./identity\n  b:\n{JOB}      - uses: ./identity\n",
        **IDENTITY,
    )
    dock.finished(run, 120)
    log = dock.log(run, "a")
    assert "\nclaims 35 sts.example boat\n" in log
    assert "\nshown ***" in log  # the client hides it
    assert dock.job(run, "b")["conclusion"] == "failure"
    assert "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL" in dock.log(run, "b")
