"""A job that leaves things behind, without a runner: it shows its token as its actions would."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from tests.pipelines.conftest import WORKFLOW, Canal
from towpath.kernel import builtin
from towpath.kernel.http.app import create_app
from towpath.pipelines.model.execution import Assignment
from towpath.pipelines.plugin import PLUGIN

SERVICES = "/twirp/github.actions.results.api.v1."
ONE = "on: push\njobs:\n  a:\n    runs-on: linux\n    steps: [{run: make}]\n"


_LAST: list[TestClient] = []
"""An application takes a quarter of a second to make, so all jobs of one server share it."""


def client_of(kernel) -> TestClient:
    if not _LAST or _LAST[0].app.state.kernel is not kernel:
        app = create_app(kernel, (builtin.PLUGIN, PLUGIN))
        client = TestClient(app, base_url="http://towpath.test", raise_server_exceptions=False)
        _LAST[:] = [client]
    return _LAST[0]


def block_id(number: int) -> str:
    return base64.b64encode(f"{number:08}".encode()).decode()


def listing(*names: str) -> bytes:
    inside = "".join(f"<Latest>{name}</Latest>" for name in names)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{inside}</BlockList>'.encode()


@dataclass
class Leaver:
    """`taken` is the job; `client` the application."""

    client: TestClient
    taken: Assignment

    def call(self, method: str, **body: Any) -> Any:
        """Call SERVICE/METHOD, which must succeed."""
        answer = self.ask(method, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, method: str, **body: Any) -> Any:
        ids = {
            "workflow_run_backend_id": self.taken.run,
            "workflow_job_run_backend_id": self.taken.job,
        }
        of = ids if method.startswith("Artifact") else {}
        headers = {"Authorization": f"Bearer {self.taken.runtime}"}
        return self.client.post(SERVICES + method, json={**of, **body}, headers=headers)

    def begin(self, name: str = "boat", **more: Any) -> str:
        made = self.call("ArtifactService/CreateArtifact", name=name, version=7, **more)
        return str(made["signed_upload_url"])

    def put(self, url: str, body: bytes, **also: str) -> Any:
        more = "".join(f"&{name}={value}" for name, value in also.items())
        return self.client.put(url + more, content=body)

    def finalize(self, body: bytes, name: str = "boat") -> Any:
        digest = hashlib.sha256(body).hexdigest()
        return self.ask(
            "ArtifactService/FinalizeArtifact",
            name=name, size=str(len(body)), hash=f"sha256:{digest}",
        )  # fmt: skip

    def leave(self, body: bytes = b"oak", name: str = "boat", **more: Any) -> int:
        """Leave an artifact, in one piece; its number."""
        assert self.put(self.begin(name, **more), body).status_code == 201
        answer = self.finalize(body, name)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["artifact_id"])

    def address(self, name: str = "boat") -> str:
        return str(self.call("ArtifactService/GetSignedArtifactURL", name=name)["signed_url"])

    def keep(self, key: str, body: bytes = b"oak", version: str = "v") -> Any:
        """Keep an entry of the cache; what the last call answered."""
        made = self.call("CacheService/CreateCacheEntry", key=key, version=version)
        if not made["ok"]:
            return made
        assert self.put(made["signed_upload_url"], body).status_code == 201
        wish = {"key": key, "version": version, "size_bytes": str(len(body))}
        return self.call("CacheService/FinalizeCacheEntryUpload", **wish)

    def find(self, *keys: str, version: str = "v") -> str:
        """Look for an entry; the key that matched, or nothing."""
        first, *others = keys
        method = "CacheService/GetCacheEntryDownloadURL"
        found = self.call(method, key=first, restore_keys=others, version=version)
        return str(found["matched_key"]) if found["ok"] else ""


def leaver(canal: Canal, *, key: str = "k", workflow: str = ONE, **event: Any) -> Leaver:
    """Start a run and take its job."""
    sha = canal.commit(**{WORKFLOW: workflow})
    canal.trigger(sha, key=key, **event)
    canal.work()
    return next_leaver(canal)


def next_leaver(canal: Canal) -> Leaver:
    taken = canal.claim()
    assert taken
    return Leaver(client_of(canal.kernel), taken)
