"""Clients that others wrote for GitHub, unmodified, against a real server."""

import asyncio
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import gidgethub
import httpx2
import pytest
from gidgethub.abc import GitHubAPI

from towpath.forge.api.limits import Limits, Throttled
from towpath.kernel.clock import SECOND, Micros


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


def node(script, served, *arguments):
    """Run a script of tests/node against the server; what it printed."""
    path = Path(__file__).parents[2] / "node" / script
    done = subprocess.run(
        [shutil.which("node") or "node", str(path), f"{served.url}/api/v3", *arguments],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Hurried(Limits):
    """Asks for one second where it would ask for more, and lets the rest pass at once."""

    passed = 0

    def take(self, user, now):
        moved = Micros(now + self.passed)
        try:
            return super().take(user, moved)
        except Throttled as refused:
            self.passed += refused.seconds * SECOND
            refused.seconds = 1
            refused.counted = replace(refused.counted, reset=now // SECOND + 1)
            raise


@pytest.mark.parametrize(
    ("kind", "hour", "minute"), [("secondary", 1_000, 2), ("primary", 2, 1_000)]
)
def test_octokit_waits_as_long_as_it_is_told_and_tries_again(served, kind, hour, minute):
    kept = getattr(served.app.state, "api_limits", None)
    served.app.state.api_limits = Hurried(hour, minute)
    try:
        told = node("throttled.mjs", served, served.tokens["bob"], "3")
    finally:
        served.app.state.api_limits = kept or Limits(60_000, 6_000)
    assert told["statuses"] == [200, 200, 200]
    assert [one["kind"] for one in told["held"]] == [kind]
    assert told["held"][0]["after"] <= 3


@pytest.mark.anyio
async def test_gidgethub_knows_a_limit_by_its_name(served):
    kept = getattr(served.app.state, "api_limits", None)
    served.app.state.api_limits = Limits(0, 1_000)
    api = Client("test", oauth_token=served.tokens["bob"], base_url=f"{served.url}/api/v3")
    try:
        with pytest.raises(gidgethub.RateLimitExceeded):
            await api.getitem("/user")
    finally:
        served.app.state.api_limits = kept or Limits(60_000, 6_000)


def test_octokit_drives_a_change_up_to_the_gate(served, hosted):
    told = node("drive.mjs", served, served.tokens["alice"], served.tokens["bob"])
    assert told == {
        "number": 1,
        "review": "APPROVED",
        "remarks": [["Why new?", 1, False], ["Because.", 1, True]],
        "begun": ["PENDING", "COMMENTED", True],
        "again": 201,
        "checks": 1,
        "labels": ["l0", "l1", "l2", "l3", "l4"],
        "unchanged": 304,
        "merge": 405,
    }
