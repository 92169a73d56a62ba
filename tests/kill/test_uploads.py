"""kill -9 of the server while an artifact comes in: what was acknowledged is there."""

import base64
import contextlib
import hashlib
import http.client
import json
import random
import threading
import urllib.parse

import pytest

from tests.kill.harness import answer
from tests.kill.people import World

BLOCK, BLOCKS, KILLS = 300_000, 60, 4
LEASE = "lease-" + "k" * 40
SERVICE = "/twirp/github.actions.results.api.v1.ArtifactService/"
FILE = "on: push\njobs:\n  a:\n    runs-on: linux\n    steps: [{run: make}]\n"


def ask(server, method, path, body=b"", **headers):
    """Status and body; None when the server died before it answered."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    call = http.client.HTTPConnection(server.host, server.port, timeout=60)
    with contextlib.closing(call), contextlib.suppress(OSError, http.client.HTTPException):
        call.request(method, path, body, sent)
        got = call.getresponse()
        return got.status, got.read()
    return None


class Sender:
    """A job that sends blocks one after the other, whatever happens to the server."""

    def __init__(self, server, token):
        self.server = server
        self._runner = {"Authorization": f"Bearer {token}", "Towpath_Lease": LEASE}
        claim = json.dumps({"runner": "r", "labels": ["linux"]}).encode()
        _, given = ask(server, "POST", "/api/towpath/v1/runner/claim", claim, **self._runner)
        self.job = json.loads(given)
        self.content = [random.Random(n).randbytes(BLOCK) for n in range(BLOCKS)]
        self.acknowledged = []

    def beat(self):
        path = f"/api/towpath/v1/runner/jobs/{self.job['job']}/heartbeat"
        return ask(self.server, "POST", path, **self._runner)

    def call(self, method, **body):
        wish = {"workflow_run_backend_id": self.job["run"], "name": "boat", **body}
        headers = {"Authorization": f"Bearer {self.job['runtime']}"}
        return ask(self.server, "POST", SERVICE + method, json.dumps(wish).encode(), **headers)

    def send(self, path, until):
        """Send every block again and again until it is acknowledged."""
        for number, content in enumerate(self.content):
            name = base64.b64encode(f"{number:08}".encode()).decode()
            there = f"{path}&comp=block&blockid={urllib.parse.quote(name)}"
            while not until.is_set():
                got = ask(self.server, "PUT", there, content)
                if got and got[0] == http.client.CREATED:
                    self.acknowledged.append(name)
                    break
                until.wait(0.05)


@pytest.mark.slow
def test_every_block_that_was_acknowledged_is_part_of_what_is_finished(new_server):
    server = new_server()
    server.options = ("--no-runner",)
    world = World(
        server.start(), server.data.parent / "clone", {".towpath/workflows/ci.yml": FILE}
    )
    wish = {"name": "runner", "scopes": ["runner"]}
    token = answer(world.alice, "POST", "/api/towpath/v1/tokens", wish)["token"]
    sender = Sender(server, token)
    made = json.loads(sender.call("CreateArtifact")[1])["signed_upload_url"]
    path = made.removeprefix(server.url)
    given_up = threading.Event()
    sending = threading.Thread(target=sender.send, args=(path, given_up))
    sending.start()
    for kill in range(KILLS):
        wanted = (kill + 1) * BLOCKS // (KILLS + 1)
        for _ in range(1200):
            if len(sender.acknowledged) >= wanted:
                break
            given_up.wait(0.05)
        server.kill(whole=True)
        server.start()
        assert sender.beat()[0] == http.client.OK  # the job is still ours
    sending.join(120)
    given_up.set()
    assert len(sender.acknowledged) == BLOCKS
    names = "".join(f"<Latest>{name}</Latest>" for name in sender.acknowledged)
    listing = f"<BlockList>{names}</BlockList>".encode()
    assert ask(server, "PUT", f"{path}&comp=blocklist", listing)[0] == http.client.CREATED
    whole = b"".join(sender.content)
    digest = f"sha256:{hashlib.sha256(whole).hexdigest()}"
    status, said = sender.call("FinalizeArtifact", size=str(len(whole)), hash=digest)
    assert status == http.client.OK, said
    server.kill(whole=True)
    server.start()
    sender.beat()
    signed = json.loads(sender.call("GetSignedArtifactURL")[1])["signed_url"]
    assert ask(server, "GET", signed.removeprefix(server.url))[1] == whole
