"""Clients that others wrote for GitHub, unmodified, against a real server."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import gidgethub
import httpx2
import pytest
from gidgethub.abc import GitHubAPI


class Client(GitHubAPI):
    """gidgethub leaves the sending of bytes to its user."""

    async def _request(self, method, url, headers, body=b""):
        async with httpx2.AsyncClient(timeout=30) as web:
            reply = await web.request(method, url, headers=dict(headers), content=body)
        return reply.status_code, reply.headers, reply.content

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)


@pytest.mark.anyio
async def test_gidgethub_walks_pages_reads_limits_and_understands_errors(served, hosted):
    for number in range(5):
        hosted.put(f"b{number}")
    api = Client("test", oauth_token=served.tokens["alice"], base_url=f"{served.url}/api/v3")
    walked = [one["name"] async for one in api.getiter("/repos/alice/boat/branches?per_page=2")]
    assert walked == ["b0", "b1", "b2", "b3", "b4", "main"]
    assert api.rate_limit.remaining < api.rate_limit.limit
    sha = hosted.copy.sha("main")
    check = {"name": "lint", "head_sha": sha, "conclusion": "success"}
    assert (await api.post("/repos/alice/boat/check-runs", data=check))["status"] == "completed"
    hosted.branch("topic", a="1\n2\n")
    hosted.sync()
    change = hosted.open()
    on_line = {"path": "a", "line": 2, "side": "RIGHT", "body": "Two?"}
    review = {"event": "REQUEST_CHANGES", "commit_id": change.head, "comments": [on_line]}
    await api.post("/repos/alice/boat/pulls/1/reviews", data=review)
    (remark,) = [one async for one in api.getiter("/repos/alice/boat/pulls/1/comments")]
    assert (remark["body"], remark["line"]) == ("Two?", 2)
    with pytest.raises(gidgethub.InvalidField, match="content"):
        await api.put("/repos/alice/boat/contents/x", data={"message": "m"})
    with pytest.raises(gidgethub.BadRequest):
        await api.getitem("/repos/alice/boat/gists")


def test_octokit_drives_a_change_up_to_the_gate(served, hosted):
    script = Path(__file__).parents[2] / "node/drive.mjs"
    tokens = (served.tokens["alice"], served.tokens["bob"])
    done = subprocess.run(
        [shutil.which("node") or "node", str(script), f"{served.url}/api/v3", *tokens],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "number": 1,
        "review": "APPROVED",
        "remarks": [["Why new?", 1, False], ["Because.", 1, True]],
        "checks": 1,
        "labels": ["l0", "l1", "l2", "l3", "l4"],
        "unchanged": 304,
        "merge": 405,
    }
