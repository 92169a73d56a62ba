"""What a built-in action sees: its environment, files to write to, a storage of our own."""

import base64
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = (
    "e30." + base64.urlsafe_b64encode(b'{"scp": "Actions.Results:run_1:job_1"}').decode() + ".x"
)


class Storage(http.server.BaseHTTPRequestHandler):
    """The services and their storage, as simple as can be; `fails` is how often to say 503."""

    protocol_version = "HTTP/1.1"
    artifacts: ClassVar[dict]
    caches: ClassVar[dict]
    blobs: ClassVar[dict]
    blocks: ClassVar[dict]
    asked: ClassVar[list]
    fails = 0

    def do_POST(self):
        body = json.loads(self._body())
        method = self.path.rpartition("/")[2]
        type(self).asked.append((method, body))
        if type(self).fails:
            type(self).fails -= 1
            return self._answer(503, b'{"msg": "stopping"}')
        words = re.findall("[A-Z][a-z]+", method.replace("URL", "Url"))
        status, said = getattr(self, "_".join(words).lower())(body)
        return self._answer(status, json.dumps(said).encode())

    def create_artifact(self, body):
        if body["name"] in self.artifacts:
            return 409, {"msg": "already there"}
        return 200, {"ok": True, "signed_upload_url": self._url(body["name"])}

    def finalize_artifact(self, body):
        content = self.blobs[body["name"]]
        digest = hashlib.sha256(content).hexdigest()
        assert (str(len(content)), f"sha256:{digest}") == (body["size"], body["hash"])
        made = {"name": body["name"], "size": body["size"], "digest": body["hash"]}
        self.artifacts[body["name"]] = {**made, "database_id": str(len(self.artifacts) + 1)}
        return 200, {"ok": True, "artifact_id": str(len(self.artifacts))}

    def list_artifacts(self, _):
        return 200, {"artifacts": list(self.artifacts.values())}

    def get_signed_artifact_url(self, body):
        if body["name"] not in self.artifacts:
            return 410, {"msg": f"{body['name']} expired at noon"}
        return 200, {"signed_url": self._url(body["name"])}

    def delete_artifact(self, body):
        if self.artifacts.pop(body["name"], None) is None:
            return 404, {"msg": "none"}
        return 200, {"ok": True}

    def create_cache_entry(self, body):
        if body["key"] in self.caches:
            return 200, {"ok": False, "message": "kept already"}
        return 200, {"ok": True, "signed_upload_url": self._url(body["key"])}

    def finalize_cache_entry_upload(self, body):
        assert str(len(self.blobs[body["key"]])) == body["size_bytes"]
        self.caches[body["key"]] = body["version"]
        return 200, {"ok": True, "entry_id": "1"}

    def get_cache_entry_download_url(self, body):
        for key in (body["key"], *body["restore_keys"]):
            for kept, version in self.caches.items():
                if kept.startswith(key) and version == body["version"]:
                    url = self._url(kept)
                    return 200, {"ok": True, "signed_download_url": url, "matched_key": kept}
        return 200, {"ok": False}

    def do_PUT(self):
        content = self._body()
        asked = parse_qs(urlsplit(self.path).query)
        name = self._name()
        if asked.get("comp") == ["block"]:
            self.blocks[name, asked["blockid"][0]] = content
        else:
            names = re.findall(r"<Latest>([^<]*)</Latest>", content.decode())
            self.blobs[name] = b"".join(self.blocks[name, each] for each in names)
        self._answer(201, b"")

    def do_GET(self):
        raw = self.artifacts.get(self._name(), {}).get("raw")
        kind = "application/octet-stream" if raw else "application/zip"
        self._answer(200, self.blobs[self._name()], kind)

    def _name(self):
        return urlsplit(self.path).path.rpartition("/")[2]

    def _url(self, name):
        return f"http://{self.headers['host']}/blobs/{name}?sig=1"

    def _body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _answer(self, status, content, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Nobody reads it."""


class Deck:
    """Sets inputs, and reads what was said."""

    def __init__(self, folder: Path, monkeypatch, storage: type[Storage]) -> None:
        self.storage = storage
        self.here, self.home = folder / "work", folder / "home"
        self._said = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STATE")}
        self._patch = monkeypatch
        for path in (self.here, self.home):
            path.mkdir()
        for name, path in self._said.items():
            path.touch()
            monkeypatch.setenv(name, str(path))
        monkeypatch.setenv("GITHUB_WORKSPACE", str(self.here))
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.setenv("RUNNER_TEMP", str(folder))
        monkeypatch.setenv("ACTIONS_RUNTIME_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_RUN_ID", "run_1")

    def give(self, **inputs: str) -> None:
        for name, value in inputs.items():
            self._patch.setenv(f"INPUT_{name.replace('_', '-').upper()}", value)

    def set(self, name: str, value: str) -> None:
        self._patch.setenv(name, value)

    def put(self, **files: str) -> None:
        for name, content in files.items():
            path = self.here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def said(self, what: str = "GITHUB_OUTPUT") -> dict[str, str]:
        text = self._said[what].read_text()
        return dict(re.findall(r"^([\w-]+)<<(?:\S+)\n(.*)\n", text, re.MULTILINE))


@pytest.fixture
def deck(tmp_path, monkeypatch) -> Iterator[Deck]:
    fresh = {name: {} for name in ("artifacts", "caches", "blobs", "blocks")}
    storage = type("Fresh", (Storage,), {**fresh, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), storage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Deck(tmp_path, monkeypatch, storage)
    made.set("ACTIONS_RESULTS_URL", f"http://127.0.0.1:{server.server_port}/")
    yield made
    server.shutdown()
    server.server_close()
