"""A corpus of hostile pushes and fetches: each is refused in words and moves nothing."""

import json
import time
import zlib

import pytest

from tests.hostile import git_tricks
from tests.hostile.git_tricks import COMMITS, FETCHES, LINES, PACKS, REFS, TREES
from tests.kill.harness import GIT_ENV

MOST_SECONDS = 30
MOST_MEMORY = 512 * 1024**2
counted = []


def all_refs(harbour):
    [bare] = (harbour.server.data / "repositories").glob("*.git")
    git = harbour.world.git
    return git("--git-dir", str(bare), "for-each-ref", env=GIT_ENV)


@pytest.fixture(autouse=True)
def unharmed(harbour):
    """Nothing moved, nothing was left behind, and the next push works."""
    before, began = all_refs(harbour), time.monotonic()
    at = harbour.server.log.stat().st_size
    yield
    assert time.monotonic() - began < MOST_SECONDS
    assert all_refs(harbour) == before
    assert harbour.is_well() == (200,)
    assert harbour.peak_memory() < MOST_MEMORY
    assert b"unexpected error" not in harbour.server.log.read_bytes()[at:]
    [bare] = (harbour.server.data / "repositories").glob("*.git")
    assert list((bare / "objects").glob("tmp_objdir*")) == []
    counted.append(1)


def refused(answer):
    """A status of refusal, or a push whose report says in words what was not taken."""
    if answer.statuses == (200,):
        assert b"unpack ok\n" not in answer.raw or b"ng " in answer.raw
        assert b"\nok " not in answer.raw.replace(b"000eunpack ok\n", b"")
        assert len(answer.body) > 10
    else:
        assert answer.statuses[0] in {400, 404, 413, 415, 422}
        assert len(answer.body) > 10


@pytest.mark.parametrize("entries", TREES.values(), ids=TREES.keys())
def test_a_tree_that_reaches_out(harbour, entries):
    objects = (git_tricks.TREE, git_tricks.LINK)
    refused(git_tricks.rooted(*entries, objects=objects)(harbour))


@pytest.mark.parametrize("name", REFS.values(), ids=REFS.keys())
def test_a_ref_that_is_a_trick(harbour, name):
    refused(git_tricks.ref(name)(harbour))


@pytest.mark.parametrize("data", PACKS.values(), ids=PACKS.keys())
def test_a_pack_that_is_broken(harbour, data):
    refused(git_tricks.push_raw(data)(harbour))


@pytest.mark.parametrize("how", COMMITS.values(), ids=COMMITS.keys())
def test_a_commit_that_is_broken(harbour, how):
    refused(how(harbour))


@pytest.mark.parametrize("body", LINES.values(), ids=LINES.keys())
def test_a_push_that_is_not_one(harbour, body):
    answer = harbour.receive(body)
    assert answer.statuses[0] in {200, 400, 422}
    assert b"ok refs/" not in answer.raw.replace(b"unpack ok", b"")


@pytest.mark.parametrize("body", FETCHES.values(), ids=FETCHES.keys())
def test_a_fetch_that_is_not_one(harbour, body):
    answer = harbour.fetch(body)
    assert answer.statuses[0] in {200, 400, 422}
    assert b"PACK" not in answer.body


@pytest.mark.parametrize(
    "service", ["git-upload-pack;id", "../../bin/sh", "upload-pack", "", "a" * 9_000]
)
def test_a_service_that_is_none(harbour, service):
    path = f"/{harbour.repository}.git/info/refs?service={service}"
    assert harbour.request("GET", path).statuses[0] in {400, 404, 422}


@pytest.mark.parametrize(
    "protocol", ["version=2%0Aconfig", "version=9" * 500, "\udcff", "version=1:version=2"]
)
def test_a_protocol_that_is_a_trick(harbour, protocol):
    path = f"/{harbour.repository}.git/info/refs?service=git-upload-pack"
    answer = harbour.request("GET", path, (f"Git-Protocol: {protocol}",))
    assert answer.statuses[0] in {200, 400, 422}


def test_zipped_nothing_stops_at_the_limit(harbour):
    squeeze = zlib.compressobj(9, wbits=31)
    data = b"".join(squeeze.compress(bytes(1024**2)) for _ in range(64)) + squeeze.flush()
    answer = harbour.fetch(data, ("Content-Encoding: gzip",))
    assert answer.statuses[0] in {200, 400, 413, 422}
    assert b"PACK" not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "HEAD",
        "config",
        "objects/info/packs",
        "hooks/pre-receive",
        "../towpath.db",
        "%2e%2e/%2e%2e/towpath.db",
    ],
)
def test_the_files_of_a_repository_are_not_served(harbour, path):
    answer = harbour.request("GET", f"/{harbour.repository}.git/{path}")
    assert answer.statuses[0] in {400, 404, 422}
    assert b"[core]" not in answer.body
    assert b"SQLite" not in answer.body


@pytest.mark.slow
def test_a_blob_of_three_gigabytes_in_three_megabytes(harbour):
    refused(git_tricks.push_raw(git_tricks.bomb())(harbour))


def test_the_server_took_an_honest_push_all_the_while(harbour):
    """Last, so that the corpus stands before it; it opens and closes nothing."""
    answer = harbour.request("GET", f"/api/v3/repos/{harbour.repository}/pulls/{harbour.number}")
    assert json.loads(answer.body)["state"] == "open"
    print(f"\nhostile pushes and fetches: {len(counted)}")
