"""Shapes as GitHub documents them, from records alone."""

import json

from tests.forge.model.test_requests import request, review, status
from towpath.forge.api.dialect import Dialect
from towpath.forge.model.diffs import DiffFile, Hunk, Row
from towpath.forge.model.requests import new_repository

BOAT = new_repository("repo_1", "alice", "boat", "main", 1_700_000_000_000_000)
SAY = Dialect("http://x", BOAT)


def test_a_merged_request_is_a_closed_pull_with_its_commit():
    merged = request(state="merged", merged_as="c" * 40, ended=1_700_000_000_000_000)
    told = SAY.pull(merged)
    assert (told["state"], told["merge_commit_sha"]) == ("closed", "c" * 40)
    assert told["merged_at"] == told["closed_at"] == "2023-11-14T22:13:20Z"
    closed = SAY.pull(request(state="closed", ended=1_700_000_000_000_000))
    assert (closed["merged_at"], closed["closed_at"]) == (None, "2023-11-14T22:13:20Z")


def test_verdicts_have_githubs_words():
    states = [
        SAY.review(request(), review(verdict=verdict))["state"]
        for verdict in ("approve", "request_changes", "comment")
    ]
    assert states == ["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]


def test_a_patch_is_left_out_where_it_is_not_whole():
    rows = (Row("removed", 1, None, "a"), Row("added", None, 1, "b"))
    file = DiffFile(
        path="new ü", old_path="old", status="renamed", old_mode="100644", new_mode="100644",
        address="new", old_address="old", old_sha="c" * 40, new_sha="a" * 40, additions=1,
        deletions=1, hunks=(Hunk(1, 1, "", rows),),
    )  # fmt: skip
    told = SAY.file(file, "b" * 40)
    assert told["patch"] == "@@ -1,1 +1,1 @@\n-a\n+b"
    assert (told["filename"], told["previous_filename"], told["changes"]) == ("new ü", "old", 2)
    cut = DiffFile(**{**vars(file), "cut": True})
    assert "patch" not in SAY.file(cut, "b" * 40)


def test_statuses_combine():
    told = SAY.combined("a" * 40, [status(), status("pending", context="lint")])
    assert (told["state"], told["total_count"]) == ("pending", 2)
    assert told["statuses"][0]["target_url"] is None


def test_everything_is_json():
    for told in (SAY.repository(), SAY.pull(request())):
        assert json.loads(json.dumps(told)) == told
    assert SAY.ref("refs/heads/a#b", "a" * 40, "commit")["url"].endswith("/git/refs/heads/a%23b")
    assert SAY.branch("main", "a" * 40)["protected"]
