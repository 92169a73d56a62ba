"""Clone, fetch and push beside plain git on the same transport, smart HTTP.

The peer is git's own `git http-backend` behind the smallest server that can call it, with a bare
repository as `git init` makes it, but for what both need: pushes are allowed and flushed to disk.
Both sides are asked by the same git client, in turn. 50,000 files in 20,000 commits are made by
`git fast-import`; `--small` only shows that the program works.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import harness
from benchmarks.harness import Figure
from tests.kill.harness import GIT_ENV, OWNER, Git, Server
from tests.kill.people import World

FILES, COMMITS, NEW = 50_000, 20_000, 100


def history(files: int, commits: int) -> Iterator[bytes]:
    """A stream for fast-import: the first commits bring the files, the others change one each."""
    yield b"reset refs/heads/main\n"
    brought, each = 0, max(1, 2 * files // commits)
    for number in range(commits):
        yield _commit(b"refs/heads/main", number)
        paths = (
            range(brought, min(brought + each, files))
            if brought < files
            else (number * 7919 % files,)
        )
        brought += each
        for path in paths:
            yield _file(path, f"file {path} as of {number}\n".encode())


def _commit(ref: bytes, number: int, onto: bytes = b"") -> bytes:
    words = f"Change {number}\n".encode()
    who = f"Alice <alice@localhost> {1_700_000_000 + number} +0000".encode()
    return (b"commit %b\ncommitter %b\ndata %d\n%b" % (ref, who, len(words), words)) + (
        b"from %b\n" % onto if onto else b""
    )


def _file(path: int, data: bytes) -> bytes:
    name = f"d{path % 100}/e{path // 100 % 50}/f{path}.txt".encode()
    return b"M 100644 inline %b\ndata %d\n%b\n" % (name, len(data), data)


class Backend(BaseHTTPRequestHandler):
    """Calls git http-backend as CGI would, and streams what it says."""

    root = Path()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._call(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            self._call(b"".join(self._chunks()))
        else:
            self._call(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _call(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        environment = {
            **GIT_ENV, "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "REMOTE_USER": OWNER,
            "REQUEST_METHOD": self.command, "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        with subprocess.Popen(
            ["git", "http-backend"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as git:
            threading.Thread(target=_feed, args=(git, body), daemon=True).start()
            self._answer(git)

    def _answer(self, git: "subprocess.Popen[bytes]") -> None:
        if git.stdout is None:
            return
        heads, status = [], 200
        while (line := git.stdout.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            if name == "Status":
                status = int(value[:3])
            else:
                heads.append((name, value))
        self.send_response(status)
        for name, value in (*heads, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        shutil.copyfileobj(git.stdout, self.wfile, 65_536)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: a line for each request would be measured too."""


def _feed(git: "subprocess.Popen[bytes]", body: bytes) -> None:
    if git.stdin is not None:
        git.stdin.write(body)
        git.stdin.close()


@contextmanager
def plain(folder: Path) -> Iterator[str]:
    bare = folder / "plain.git"
    subprocess.run(
        ["git", "init", "-q", "--bare", "-b", "main", str(bare)], env=GIT_ENV, check=True
    )
    for name, value in (("http.receivepack", "true"), ("core.fsync", "all"), ("gc.auto", "0")):
        subprocess.run(["git", "-C", str(bare), "config", name, value], env=GIT_ENV, check=True)
    handler = type("Here", (Backend,), {"root": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/plain.git"
        server.shutdown()


class Contest:
    """One client's side of each contest; `urls` say who is asked."""

    def __init__(self, folder: Path, git: Git, urls: Mapping[str, str]) -> None:
        self._folder = folder
        self._git = git
        self._urls = urls
        self._count = 0

    def run(self, who: str) -> Mapping[str, float]:
        self._count += 1
        there = self._folder / f"copy-{self._count}"
        url = self._urls[who]
        told = {"clone": self._timed("clone", "--quiet", "--no-checkout", url, str(there))}
        tip = self._new_branch(self._count)
        branch = f"{tip}:refs/heads/new-{self._count}"
        told["push of 100 commits"] = self._timed("push", "--quiet", url, branch)
        told["fetch of 100 commits"] = self._timed(
            "-C", str(there), "fetch", "--quiet", "origin", f"new-{self._count}"
        )
        told["fetch of nothing"] = self._timed("ls-remote", "--quiet", url, "refs/heads/main")
        shutil.rmtree(there)
        return told

    def _timed(self, *arguments: str) -> float:
        began = time.perf_counter()
        self._git(*arguments)
        return time.perf_counter() - began

    def _new_branch(self, number: int) -> str:
        """Commits that neither side has seen."""
        ref = f"refs/made/{number}".encode()
        stream = b"".join(
            _commit(ref, 10**6 * number + each, b"refs/heads/main" if each == 0 else b"")
            + _file(each, f"new {number} {each}\n".encode())
            for each in range(NEW)
        )
        _import(self._git, stream)
        return self._git("rev-parse", ref.decode())


def _import(git: Git, stream: bytes) -> None:
    command = ["git", "-C", str(git.folder), "fast-import", "--quiet", "--force"]
    subprocess.run(command, env=git.env, input=stream, check=True)


def measure(folder: Path, files: int, commits: int, rounds: int) -> list[Figure]:
    server = Server(folder, options=("--no-runner",)).start()
    try:
        world = World(server, folder / "first")
        world.alice.call("POST", "/api/v3/user/repos", {"name": "large"})
        source = folder / "source"
        subprocess.run(["git", "init", "-q", "-b", "main", str(source)], env=GIT_ENV, check=True)
        ours = f"{server.url}/{OWNER}/large.git"
        git = Git(source, ours, world.alice.token)
        harness.say(f"{files} files in {commits} commits …")
        _import(git, b"".join(history(files, commits)))
        with plain(folder) as theirs:
            whole = {who: _first_push(git, url) for who, url in (("git", theirs), ("ours", ours))}
            contest = Contest(folder, git, {"ours": ours, "git": theirs})
            runs: dict[str, Callable[[], Mapping[str, float]]] = {
                who: (lambda who=who: contest.run(who)) for who in ("ours", "git")
            }
            samples = harness.interleave(runs, rounds)
        return [*figures(samples), _first(whole)]
    finally:
        server.stop()


def _first_push(git: Git, url: str) -> float:
    began = time.perf_counter()
    git("push", "--quiet", url, "refs/heads/main")
    return time.perf_counter() - began


def _first(whole: Mapping[str, float]) -> Figure:
    return Figure(
        name="push of everything", value=whole["ours"] / whole["git"], unit="times",
        samples=[whole["ours"]], peers={"git http-backend": [whole["git"]]},
    )  # fmt: skip


def figures(samples: Mapping[str, Mapping[str, list[float]]]) -> list[Figure]:
    return [
        Figure(
            name=what,
            value=harness.ratio(samples["ours"][what], samples["git"][what]),
            unit="times",
            samples=samples["ours"][what],
            peers={"git http-backend": samples["git"][what]},
        )
        for what in samples["ours"]
    ]


def main() -> int:
    small = "--small" in sys.argv
    folder = Path(tempfile.mkdtemp(prefix="bench-git-", dir=os.environ.get("TMPDIR")))
    try:
        sizes = (200, 100, 2) if small else (FILES, COMMITS, harness.ROUNDS)
        told = measure(folder, *sizes)
        version = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
        harness.say(version.stdout.strip())
        return harness.report("forge-git", told)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
