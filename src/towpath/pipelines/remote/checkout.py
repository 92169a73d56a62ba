"""A commit into a workspace, from a repository that may be hostile, into a directory that may be.

Git works in a private directory beside the workspace that no step can reach: an empty template,
no hooks, no system or user configuration, no submodules, no filters (LFS or others: a filter runs
only if configuration names it), http and https alone. The finished tree is then renamed into the
workspace through directory descriptors that follow no link, so what earlier steps left there can
neither redirect a file nor read the token. https://git-scm.com/docs/git#_security
"""

import base64
import contextlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.pipelines.remote import bare
from towpath.pipelines.remote.directories import remove
from towpath.pipelines.remote.place import Limits, Place
from towpath.pipelines.remote.session import Box, Output

TIMEOUT = 600.0
"""Seconds for one checkout unless told otherwise."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MAX = 250
# What git check-ref-format refuses, and what would be a refspec or an option:
# https://git-scm.com/docs/git-check-ref-format
_BAD_REF = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|$)|(?:^|/)\.|^@$|^[-+/]|[./]$"
)
_ALL_HISTORY = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
PROTOCOLS = ("http", "https")
_CONFIGURED = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "protocol.version": "2",
    "http.followRedirects": "false",  # a redirect would carry the token to another host
    "credential.helper": "",
    "core.fsync": "none",  # a workspace that a crash leaves behind is thrown away
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "init.defaultBranch": "main",
}


class CheckoutError(TowpathError):
    """The commit could not be brought into the workspace."""

    title = "The checkout failed"


@dataclass(frozen=True)
class Source:
    """Which commit of which repository, and where to.

    `sha` decides if given; else `ref`, as the server knows it. `depth` counts commits, 0 is all
    history, branches and tags. `path` is relative to the workspace. `token` is a password.
    """

    url: str
    sha: str | None = None
    ref: str | None = None
    depth: int = 1
    path: str = "."
    token: str | None = None


def checkout(
    workspace: Path,
    source: Source,
    output: Output,
    *,
    timeout: float = TIMEOUT,
    cancelled: threading.Event | None = None,
    protocols: tuple[str, ...] = PROTOCOLS,
) -> str:
    """Put a commit's tree at `path`, HEAD detached, in place of all that was there; its sha.

    The files belong to the owner of the workspace. `timeout` is seconds for each step of git.
    InvalidInput for a source that is not well formed, CheckoutError for one that cannot be had.
    """
    _check(source, protocols)
    workspace = workspace.resolve()
    scratch = Path(tempfile.mkdtemp(prefix=".checkout-", dir=workspace.parent))
    tree, old = scratch / "tree", scratch / "old"
    tree.mkdir()
    old.mkdir()
    try:
        place = Place(tree, (), scratch=scratch, limits=Limits(processes=None, memory=None))
        with _target(workspace, source.path) as target:
            with bare.open_box(place) as box:
                git = _Git(box, output, timeout, cancelled, _environment(protocols))
                sha = _materialise(git, source)
            _replace(target, tree, old)
        return sha
    except OSError as error:
        raise CheckoutError(f"The tree could not be put in place: {error}") from error
    finally:
        remove(scratch)


def job_environment() -> dict[str, str]:
    """Let git work on the checkout inside the job, where files may have another owner.

    Size and time alone tell a changed file, since owner and inode differ from what the checkout
    noted. Told by environment, so no step can leave it behind for the next.
    """
    return _as_environment({"safe.directory": "*", "core.checkStat": "minimal"})


@dataclass(frozen=True)
class _Git:
    """Git in the private directory, run so that it ends in time and with all its children."""

    box: Box
    output: Output
    timeout: float
    cancelled: threading.Event | None
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, also: Mapping[str, str] | None = None) -> None:
        if not self.tried(*arguments, also=also):
            raise CheckoutError(
                f"`git {arguments[0]}` failed.", next_step="Its message stands in the log."
            )

    def tried(self, *arguments: str, also: Mapping[str, str] | None = None) -> bool:
        return self._run(arguments, self.output, {**self.environment, **(also or {})})

    def asked(self, *arguments: str) -> str | None:
        answer = bytearray()
        answered = self._run(arguments, answer.extend, self.environment)
        return answer.decode(errors="replace").strip() if answered else None

    def _run(self, arguments: Sequence[str], output: Output, env: Mapping[str, str]) -> bool:
        ended = self.box.run(
            [_program(), *arguments],
            env=env,
            output=output,
            timeout=self.timeout,
            cancelled=self.cancelled,
        )
        if ended.reason != "exited":
            raise CheckoutError(f"The checkout ended early: {ended.reason}.")
        return ended.code == 0


def _program() -> str:
    found = shutil.which("git")
    if found is None:
        raise CheckoutError("Git is not installed.", next_step="apt install git")
    return found


def _materialise(git: _Git, source: Source) -> str:
    git("init", "--quiet", "--template=")
    git("remote", "add", "origin", source.url)
    sha = _fetched(git, source)
    git("checkout", "--quiet", "--detach", sha)
    git.output(f"Checked out {sha} of {source.url}\n".encode())
    return sha


def _fetched(git: _Git, source: Source) -> str:
    """Fetch by id, or by name where a server gives no ids; either way the id must be right."""
    for wanted in (source.sha, source.ref):
        if wanted and git.tried(*_fetch(source, wanted), also=_credentials(source)):
            sha = git.asked("rev-parse", "--verify", "--quiet", f"{source.sha or 'FETCH_HEAD'}^0")
            if sha and sha == (source.sha or sha):
                return sha
    raise CheckoutError(
        f"{source.sha or source.ref} could not be fetched from {source.url}.",
        next_step="See git's message in the log: does the commit exist, may this job read it?",
    )


def _fetch(source: Source, wanted: str) -> list[str]:
    depth = [f"--depth={source.depth}"] if source.depth else []
    also = () if source.depth else _ALL_HISTORY
    return ["fetch", "--quiet", "--no-tags", *depth, "--end-of-options", "origin", wanted, *also]


def _credentials(source: Source) -> dict[str, str]:
    """Pass the token where neither a command line nor a file shows it, for this host alone."""
    if source.token is None:
        return {}
    basic = base64.b64encode(f"x-access-token:{source.token}".encode()).decode()
    url = urlsplit(source.url)
    header = {f"http.{url.scheme}://{url.netloc}/.extraHeader": f"Authorization: Basic {basic}"}
    return _as_environment({**_CONFIGURED, **header})


def _environment(protocols: Sequence[str]) -> dict[str, str]:
    return {
        "GIT_ALLOW_PROTOCOL": ":".join(protocols),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **_as_environment(_CONFIGURED),
    }


def _as_environment(configured: Mapping[str, str]) -> dict[str, str]:
    names = {f"GIT_CONFIG_KEY_{n}": name for n, name in enumerate(configured)}
    values = {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(configured.values())}
    return {"GIT_CONFIG_COUNT": str(len(configured)), **names, **values}


@contextlib.contextmanager
def _target(workspace: Path, path: str) -> Iterator[int]:
    """Open a directory below the workspace, making it where missing; a link is refused."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    with contextlib.ExitStack() as opened:
        at = os.open(workspace, flags)
        opened.callback(os.close, at)
        owner = os.fstat(at)
        for name in PurePosixPath(path).parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=at)
                os.chown(name, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)
            at = os.open(name, flags, dir_fd=at)
            opened.callback(os.close, at)
        yield at


def _replace(target: int, tree: Path, old: Path) -> None:
    """Move away what is there and move the tree in, entry by entry: the place itself stays."""
    owner = os.fstat(target)
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        _hand_over(tree, owner.st_uid, owner.st_gid)
    for name in os.listdir(target):
        os.rename(name, old / name, src_dir_fd=target)
    for entry in tree.iterdir():
        os.rename(entry, entry.name, dst_dir_fd=target)


def _hand_over(tree: Path, user: int, group: int) -> None:
    for _, directories, files, descriptor in os.fwalk(tree):
        for name in (*directories, *files):
            os.chown(name, user, group, dir_fd=descriptor, follow_symlinks=False)


def _check(source: Source, protocols: Sequence[str]) -> None:
    url = urlsplit(source.url)
    if url.scheme not in protocols or not source.url.isprintable() or " " in source.url:
        raise InvalidInput(f"{source.url!r} is not an address of {' or '.join(protocols)}.")
    if url.username is not None or url.password is not None:
        raise InvalidInput("The address holds a user or a password.", next_step="Use the token.")
    if source.sha is not None and not _SHA.fullmatch(source.sha):
        raise InvalidInput(f"{source.sha!r} is not the full id of a commit.")
    if source.ref is not None and (_BAD_REF.search(source.ref) or not 0 < len(source.ref) < _MAX):
        raise InvalidInput(f"{source.ref!r} is not the name of a branch or tag.")
    if not (source.sha or source.ref):
        raise InvalidInput("A checkout needs a commit, a branch or a tag.")
    if source.depth < 0:
        raise InvalidInput(f"A depth of {source.depth} commits is not possible; 0 is all history.")
    _check_path(source.path)


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    odd = any(part == ".." or part.lower() == ".git" for part in parts)
    if path.startswith("/") or odd or not path.isprintable():
        raise InvalidInput(
            f"The path {path!r} does not stay in the workspace.",
            next_step="Name a directory below the workspace, such as `path: other`.",
        )
