"""Exactly the commit, and nothing that its tree or earlier steps would slip in."""

import base64
import copy
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.remote.checkout import (
    CheckoutError,
    Source,
    checkout,
    job_environment,
)

TOKEN = "tok-5e1f"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.test",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=IDENTITY, check=True, capture_output=True, text=True
    ).stdout.strip()


class Origin:
    """A repository with two commits on main and a tag."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"file://{folder}"
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
        self.first = self.commit(readme="first")
        git(folder, "tag", "v1")
        self.second = self.commit(readme="second")

    def copied(self, folder: Path) -> "Origin":
        shutil.copytree(self.folder, folder)
        other = copy.copy(self)
        other.folder, other.url = folder, f"file://{folder}"
        return other

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.folder / name).write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "-m", "change")
        return git(self.folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return Origin(tmp_path_factory.mktemp("template") / "origin")


@pytest.fixture
def origin(template: Origin, tmp_path: Path) -> Origin:
    return template.copied(tmp_path / "origin")


@pytest.fixture
def bring(workspace: Path, origin: Origin):
    """Check out from the origin; what git said is in the list."""

    def bringing(**wanted) -> str:
        source = Source(**({"url": origin.url} | wanted))
        return checkout(workspace, source, said.append, protocols=("file", "http"))

    said: list[bytes] = []
    bringing.said = said
    return bringing


def test_exactly_the_commit_is_there_and_the_head_is_detached(bring, origin, workspace):
    assert bring(sha=origin.first) == origin.first
    assert (workspace / "readme").read_text() == "first"
    assert git(workspace, "rev-parse", "HEAD") == origin.first
    assert git(workspace, "branch", "--show-current") == ""
    assert git(workspace, "status", "--porcelain") == ""


def test_one_commit_is_fetched_unless_more_are_asked_for(bring, origin, workspace):
    bring(sha=origin.second)
    assert git(workspace, "rev-list", "--count", "HEAD") == "1"
    bring(sha=origin.second, depth=2)
    assert git(workspace, "rev-list", "--count", "HEAD") == "2"


def test_depth_zero_is_all_history_branches_and_tags(bring, origin, workspace):
    bring(sha=origin.second, depth=0)
    assert git(workspace, "rev-list", "--count", "HEAD") == "2"
    assert git(workspace, "describe", "--tags") == f"v1-1-g{origin.second[:7]}"
    assert "origin/main" in git(workspace, "branch", "--remotes")


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1"])
def test_a_name_is_resolved_by_the_server(bring, origin, ref):
    assert bring(ref=ref) == origin.first


def test_an_annotated_tag_is_its_commit(bring, origin):
    git(origin.folder, "tag", "-a", "-m", "release", "v2", origin.first)
    assert bring(ref="v2") == origin.first


def test_a_commit_that_nothing_names_any_more_can_be_had(bring, origin):
    gone = origin.commit(readme="third")
    git(origin.folder, "reset", "--quiet", "--hard", "HEAD^")
    assert bring(sha=gone) == gone


@pytest.mark.parametrize("wanted", [{"sha": "0" * 40}, {"ref": "no-such-branch"}])
def test_what_is_not_there_is_told_and_the_workspace_is_left_alone(bring, workspace, wanted):
    (workspace / "mine").touch()
    with pytest.raises(CheckoutError, match="could not be fetched"):
        bring(**wanted)
    assert [path.name for path in workspace.iterdir()] == ["mine"]
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]
    assert b"fatal: " in b"".join(bring.said)


def test_a_second_checkout_replaces_the_first(bring, origin, workspace):
    bring(sha=origin.second)
    (workspace / "left over").mkdir()
    (workspace / "readme").write_text("changed")
    bring(sha=origin.first)
    assert (workspace / "readme").read_text() == "first"
    assert not (workspace / "left over").exists()


def test_another_checkout_goes_beside_the_first(bring, origin, workspace):
    bring(sha=origin.second)
    bring(ref="v1", path="other/deep")
    assert (workspace / "readme").read_text() == "second"
    assert (workspace / "other/deep/readme").read_text() == "first"


@pytest.mark.parametrize("path", ["link", "link/deeper", "plain", "real/link"])
def test_a_link_or_a_file_on_the_way_is_refused(bring, origin, workspace, tmp_path, path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (workspace / "link").symlink_to(outside)
    (workspace / "plain").touch()
    (workspace / "real").mkdir()
    (workspace / "real/link").symlink_to(outside)
    with pytest.raises(CheckoutError, match="could not be put in place"):
        bring(sha=origin.second, path=path)
    assert list(outside.iterdir()) == []


def test_links_left_by_steps_are_replaced_and_not_followed(bring, origin, workspace, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "config").write_text("mine")
    (workspace / ".git").symlink_to(victim)
    (workspace / "readme").symlink_to(victim / "config")
    bring(sha=origin.second)
    assert [path.name for path in victim.iterdir()] == ["config"]
    assert (victim / "config").read_text() == "mine"
    assert not (workspace / "readme").is_symlink()


def test_what_a_step_planted_in_git_is_neither_run_nor_kept(bring, origin, workspace, tmp_path):
    bring(sha=origin.first)
    trap = f"touch {tmp_path}/sprung"
    for name in ("core.fsmonitor", "core.sshCommand", "filter.x.smudge", "core.pager"):
        git(workspace, "config", name, trap)
    (workspace / ".git/hooks").mkdir(exist_ok=True)
    (workspace / ".git/hooks/post-checkout").write_text(f"#!/bin/sh\n{trap}\n")
    (workspace / ".git/hooks/post-checkout").chmod(0o755)
    bring(sha=origin.second)
    assert not (tmp_path / "sprung").exists()
    assert trap not in (workspace / ".git/config").read_text()
    assert not (workspace / ".git/hooks").exists()


def test_a_link_in_the_tree_that_leads_outside_stays_a_link(bring, origin, workspace):
    (origin.folder / "passwd").symlink_to("/etc/passwd")
    bring(sha=origin.commit())
    assert (workspace / "passwd").is_symlink()


def test_filters_hooks_and_submodules_of_a_tree_do_nothing(bring, origin, workspace, tmp_path):
    other = origin.copied(tmp_path / "other")
    (origin.folder / ".lfsconfig").write_text("[lfs]\n\turl = http://127.0.0.1:1/\n")
    git(origin.folder, "-c", "protocol.file.allow=always", "submodule", "add", other.url, "sub")
    sha = origin.commit(**{".gitattributes": "* filter=lfs\nreadme filter=evil"}, readme="pointer")
    bring(sha=sha)
    assert (workspace / "readme").read_text() == "pointer"
    assert list((workspace / "sub").iterdir()) == []
    assert "submodule" not in (workspace / ".git/config").read_text()


def test_modes_are_the_trees_whatever_the_runners_umask_is(bring, origin, workspace):
    (origin.folder / "tool").write_text("#!/bin/sh\n")
    (origin.folder / "tool").chmod(0o755)
    sha = origin.commit()
    before = os.umask(0o077)
    try:
        bring(sha=sha)
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((workspace / name).stat().st_mode) for name in ("tool", "readme")}
    assert modes == {"tool": 0o755, "readme": 0o644}


@pytest.mark.parametrize("kind", ["namespaces", "bare"])
def test_git_works_on_it_inside_a_box(open_steps, bring, origin, workspace, kind):
    steps = open_steps(kind)
    bring(sha=origin.second, path="sub")
    inside = {"env": job_environment(), "cwd": "sub"}
    assert steps.say("git log -1 --format=%H", **inside) == origin.second
    assert steps.say("git status --porcelain; git diff-files", **inside) == ""
    steps.say("echo more >> readme; rm -rf .git/index; touch new; mkdir ../beside", **inside)
    assert workspace.stat().st_uid == (workspace / "sub/readme").stat().st_uid


@dataclass
class Host:
    """Git over HTTP as a server would speak it; asks for the token and notes who came."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    moved: bool = False


@pytest.fixture
def host(origin: Origin) -> Iterator[Host]:
    host = Host()
    wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            if host.moved and "moved" not in self.path:
                self.send_response(302)
                self.send_header("Location", f"{host.url}/moved{self.path}")
                self.end_headers()
                return
            if self.headers["Authorization"] != wanted:
                self.send_error(401)
                return
            self._backend()

        do_POST = do_GET  # noqa: N815 - named by the library

        def _backend(self) -> None:
            path, _, query = self.path.partition("?")
            environment = IDENTITY | {
                "GIT_PROJECT_ROOT": str(origin.folder.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers["Content-Type"] or "",
                "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            }
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                env=environment,
                capture_output=True,
                check=True,
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                self.send_header(*line.split(": ", 1))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield host
        server.shutdown()
        thread.join()


def test_the_token_opens_the_door_and_stays_nowhere(bring, host, origin, workspace):
    url = f"{host.url}/origin"
    assert bring(url=url, sha=origin.second, token=TOKEN) == origin.second
    assert bring(url=url, ref="v1", token=TOKEN) == origin.first
    kept = [path for path in workspace.rglob("*") if path.is_file()]
    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode())
    for text in (TOKEN.encode(), secret):
        assert not any(text in path.read_bytes() for path in kept)
        assert text not in b"".join(bring.said)
    assert git(workspace, "config", "remote.origin.url") == url


def test_the_token_is_on_no_command_line(bring, host, origin, monkeypatch):
    from towpath.pipelines.remote.session import Box

    seen = []
    run = Box.run

    def look(self, argv, **options):
        seen.append(argv)
        return run(self, argv, **options)

    monkeypatch.setattr(Box, "run", look)
    bring(url=f"{host.url}/origin", sha=origin.second, token=TOKEN)
    assert [argv[1] for argv in seen].count("fetch") == 1
    assert TOKEN not in str(seen)


def test_a_wrong_token_fails_without_a_question(bring, host, origin):
    with pytest.raises(CheckoutError):
        bring(url=f"{host.url}/origin", sha=origin.second, token="wrong")


def test_a_redirect_is_not_followed(bring, host, origin):
    host.moved = True
    with pytest.raises(CheckoutError):
        bring(url=f"{host.url}/origin", sha=origin.second, token=TOKEN)
    assert not any("moved" in path for path in host.asked)


def test_a_cancelled_checkout_ends(workspace, origin):
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CheckoutError, match="cancelled"):
        checkout(
            workspace,
            Source(origin.url, origin.second),
            len,
            cancelled=cancelled,
            protocols=("file",),
        )


def test_a_server_that_never_answers_is_left(workspace):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(CheckoutError, match="timeout"):
            checkout(workspace, Source(url, "0" * 40), len, timeout=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc"},
        {"url": "ext::sh -c touch% /tmp/x"},
        {"url": "ssh://host/x"},
        {"url": "--upload-pack=touch"},
        {"url": "http://user:password@host/x"},
        {"url": "http://host/x\ny"},
        {"sha": "main"},
        {"sha": "--help" + "0" * 34},
        {"sha": "0" * 39},
        {"sha": None},
        *(
            {"sha": None, "ref": ref}
            for ref in ("-x", "+main", "a..b", "a b", "a:b", "a@{1}", "@")
        ),
        *({"sha": None, "ref": ref} for ref in ("", "/a", "a/", "a//b", ".a", "a.lock", "a\n")),
        *({"sha": None, "ref": ref} for ref in ("a/.b", "a.", "a~1", "a^", "a*", "a" * 300)),
        *({"path": path} for path in ("/etc", "..", "a/../b", ".git", "a/.GIT/hooks", "a\0b")),
        {"depth": -1},
    ],
    ids=str,
)
def test_a_source_that_is_not_well_formed_is_refused(workspace, wrong):
    given = {"url": "http://host/x", "sha": "0" * 40} | wrong
    with pytest.raises(InvalidInput):
        checkout(workspace, Source(**given), len)


@pytest.mark.parametrize("ref", ["refs/heads/a/b", "release-1.2", "a@b", "v1.0_rc+1", "ü"])
def test_ordinary_names_are_fine(bring, origin, ref):
    git(origin.folder, "branch", "--force", ref.removeprefix("refs/heads/"), origin.first)
    assert bring(ref=ref) == origin.first
