"""Repositories with real git: a client's working copies on one side, our verbs on the other."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from tests.conftest import Stores
from towpath.app.parts import PARTS
from towpath.forge import service
from towpath.forge.clients.embedded import git
from towpath.forge.plugin import PLUGIN
from towpath.forge.service import RefUpdate, Repository
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.http.app import create_app
from towpath.kernel.settings import Settings

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.test",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.test",
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True)
class Copy:
    """A person's working copy."""

    path: Path

    def git(
        self, *arguments: str, code: int | None = 0, **also: str
    ) -> subprocess.CompletedProcess:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=ENVIRONMENT | also,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def commit(self, message: str = "work", **files: str | bytes) -> str:
        """Write files (double underscores stand for slashes, a final one for a dot) and commit."""
        for name, content in files.items():
            file = self.path / name.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.sha()

    def sha(self, name: str = "HEAD") -> str:
        return self.git("rev-parse", name).stdout.strip()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """An empty working copy on branch main."""
    made = Copy(tmp_path / "copy")
    made.path.mkdir()
    made.git("init", "--quiet", "--initial-branch=main")
    return made


@pytest.fixture
def repository(kernel: Kernel) -> Repository:
    return service.create_repository(kernel, "alice", "boat")


@dataclass(frozen=True)
class Hosted:
    """A repository of ours and a working copy whose commits get there without HTTP."""

    kernel: Kernel
    repository: Repository
    copy: Copy

    @property
    def id(self) -> str:
        return self.repository.id

    @property
    def path(self) -> Path:
        return git.path(self.kernel, self.id)

    def put(self, branch: str, name: str = "HEAD") -> str:
        """Move a branch to a commit of the working copy, by force, as git alone would."""
        sha = self.copy.sha(name)
        fetch = ("fetch", "--quiet", str(self.copy.path), f"+{sha}:refs/heads/{branch}")
        self.copy.git(f"--git-dir={self.path}", *fetch)
        return sha

    def branch(self, name: str, **files: str) -> str:
        """Commit files on top of main, as a branch, without syncing our rows."""
        self.copy.git("checkout", "--quiet", "-B", name, "main")
        self.copy.commit(f"work on {name}", **files)
        sha = self.put(name)
        self.copy.git("checkout", "--quiet", "main")
        return sha

    def sync(self) -> service.Synced:
        return service.sync_refs(self.kernel, self.id)

    def open(self, source: str = "topic", **options: str) -> service.MergeRequest:
        wanted = {"title": "A change", "body": "", "author": "alice", "target": "main"} | options
        return service.open_merge_request(self.kernel, self.id, source=source, **wanted)

    def request(self, number: int = 1) -> service.MergeRequest:
        return self.kernel.db.read(lambda tx: service.merge_request(tx, self.id, number))

    def land(self, head: str, message: str = "Merge") -> str:
        """Merge as the gate does: a commit on top of main, then main moves to it."""
        main = service.refs(self.kernel, self.id)["refs/heads/main"]
        merged = service.merge(self.kernel, self.id, main, head, message, self.kernel.clock.now())
        assert isinstance(merged, service.Merged)
        service.update_refs(self.kernel, self.id, [RefUpdate("refs/heads/main", main, merged.sha)])
        return merged.sha


@pytest.fixture
def host(copy: Copy) -> Callable[[Kernel], Hosted]:
    def make(kernel: Kernel) -> Hosted:
        made = service.create_repository(kernel, "alice", "boat")
        copy.commit("first", README="hello\n")
        hosted = Hosted(kernel, made, copy)
        hosted.put("main")
        hosted.sync()
        return hosted

    return make


@pytest.fixture
def hosted(host: Callable[[Kernel], Hosted], kernel: Kernel) -> Hosted:
    """A repository with one commit on main, synced."""
    return host(kernel)


@dataclass(frozen=True)
class Served:
    """A running server and what its users hold."""

    kernel: Kernel
    url: str
    tokens: dict[str, str]
    app: FastAPI

    def remote(self, name: str = "alice/boat", *, user: str = "alice") -> str:
        """The address of a repository with the user's token in it."""
        return self.url.replace("://", f"://{user}:{self.tokens[user]}@") + f"/{name}.git"

    def token(self, user: str, *scopes: str) -> str:
        return self.kernel.db.write(
            lambda tx: access.create_token(tx, user, "narrow", scopes=scopes)
        )[1]

    def call(
        self, method: str, path: str, *, user: str | None = "alice", **options
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}
        headers |= options.pop("headers", {})
        return httpx2.request(method, self.url + path, headers=headers, timeout=30, **options)


USERS = {
    "alice": Role.maintainer,
    "bob": Role.member,
    "charlie": Role.viewer,
}


@contextmanager
def running(kernel: Kernel) -> Iterator[Served]:
    """Serve all parts over TCP and over the hooks' socket, as `towpath serve` does."""
    web = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{web.getsockname()[1]}"
    kernel = replace(kernel, url=url)
    hooks = socket.socket(socket.AF_UNIX)
    hooks.bind(str(kernel.data / "hook.sock"))
    PLUGIN.heal(kernel)
    app = create_app(kernel, PARTS)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [web, hooks]})
    thread.start()
    try:
        tokens = kernel.db.write(_tokens)
        yield Served(kernel, url, tokens, app)
    finally:
        server.should_exit = True
        app.state.stopping.set()
        thread.join(20)
        web.close()
        hooks.close()
        (kernel.data / "hook.sock").unlink()


def _tokens(tx) -> dict[str, str]:
    made = {}
    for login, role in USERS.items():
        if access.user(tx, login) is None:
            access.create_user(tx, login, None, role)
        made[login] = access.create_token(tx, login, "test")[1]
    return made


@pytest.fixture(scope="module")
def server(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for a module; `served` empties it for each test."""
    data = tmp_path_factory.mktemp("data")
    clock = SystemClock()
    db = open_database(stores.url("sqlite", data), clock)
    with running(Kernel(db, clock, Settings(), data, "")) as made:
        yield made
    db.close()


@pytest.fixture
def served(server: Served) -> Served:
    """A server that holds nothing but its users."""
    server.kernel.db.write(_empty)
    return server


def _empty(tx) -> None:
    for part in PARTS:
        for table in part.metadata.sorted_tables:
            if not table.name.startswith("access_"):
                tx.execute(table.delete())
