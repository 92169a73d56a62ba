"""A box made by bubblewrap: new user, mount, process, network, IPC and host-name namespaces.

It starts from nothing and binds a list: the system's programs, a generated /etc, the tools it was
given, the workspace. Never `/`, never a home, never the server's data.
https://github.com/containers/bubblewrap
"""

import contextlib
import dataclasses
import functools
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import inside, launch
from towpath.pipelines.remote.apart import INSIDE, Apart, spare_user
from towpath.pipelines.remote.directories import Layout, make_layout, make_private
from towpath.pipelines.remote.place import Place, check, python_paths
from towpath.pipelines.remote.session import Box

_PROGRAM = "/run/towpath/inside.py"
_FILES = "/run/towpath/files"
_HOME = "/home/runner"
_TEMPORARY = "/tmp"  # noqa: S108 - a private directory is bound there
_SYSTEM = Path("/usr")
_SHARED_MEMORY = 1 << 30
_BY_ALL = 0o005
_ISOLATED = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--as-pid-1"),
    *("--clearenv", "--hostname", "runner", "--cap-drop", "ALL"),
)
_ROOT_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_BOUND = ("ssl/certs", "ld.so.cache", "localtime", "alternatives")
_ETC_WRITTEN = {
    "passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    f"runner:x:{INSIDE}:{INSIDE}:runner:{_HOME}:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": f"root:x:0:\nrunner:x:{INSIDE}:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost runner towpath.localhost\n::1 localhost ip6-localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def open_box(place: Place) -> Box:
    """Open a sandbox; Unavailable if bubblewrap is missing or the kernel refuses it.

    The workspace appears at /workspace/<its name> unless `appears_at` says otherwise: the same
    path on every machine keeps builds reproducible and tells steps nothing about this one. As
    root, a workspace that is still empty is given to a user id of the job's own; one with files
    in it is somebody's, and steps work on it as its owner (for whom the kernel counts no
    processes if that is root).
    """
    tools = (*place.tool_paths, *python_paths())  # inside.py needs its Python, whoever else does
    place = dataclasses.replace(place, tool_paths=tuple(dict.fromkeys(tools)))
    check(place)
    if _may_be_apart(place) and (user := spare_user()) is not None:
        with contextlib.suppress(Unavailable):
            return _open_apart(place, user)
    return _open(place, None)


def _open_apart(place: Place, user: int) -> Box:
    """Give the workspace away only once bubblewrap, as root of few powers, has entered it."""
    workspace = place.workspace.resolve()
    if workspace.stat().st_uid:
        os.chown(workspace, 0, 0)  # another box had it
    with contextlib.closing(Apart(user)) as apart:
        box = _open(place, apart)
        os.chown(workspace, user, user)
        return box


def _may_be_apart(place: Place) -> bool:
    tools = [path.resolve() for path in (*place.tool_paths, *place.shown)]
    readable = all(part.stat().st_mode & _BY_ALL == _BY_ALL for part in tools if part.exists())
    return readable and not any(place.workspace.iterdir())


def _open(place: Place, apart: Apart | None) -> Box:
    isolated = [_bubblewrap(), *_ISOLATED, *(apart.arguments if apart else _own_user())]
    layout = _layout(place)
    arguments = [*isolated, *_shown(place, layout), "--"]
    return launch.start(
        layout,
        place.limits,
        lambda descriptor: [*arguments, *launch.python(_PROGRAM), str(descriptor)],
        apart,
    )


def _bubblewrap() -> str:
    found = shutil.which("bwrap")
    if found is None:
        raise Unavailable("Bubblewrap is not installed.", next_step="apt install bubblewrap")
    return found


def _layout(place: Place) -> Layout:
    seen = place.appears_at or f"/workspace/{place.workspace.resolve().name}"
    private = make_private(place.scratch)
    _write_etc(private / "etc")
    outside = make_layout(private, seen, place.tool_paths)
    return dataclasses.replace(outside, files=_FILES, home=_HOME, temporary=_TEMPORARY)


def _shown(place: Place, layout: Layout) -> list[str]:
    """Build the list of all that the job sees."""
    private = layout.private
    tools = (*place.tool_paths, *place.shown)
    above = [Path(layout.workspace), *tools, *(path.resolve() for path in tools)]
    return [
        *(("--share-net",) if place.network else ()),
        *_directories("/etc/ssl", "/home", "/run/towpath"),
        *_system(),
        *_etc(private / "etc", network=place.network),
        *("--proc", "/proc", *_devices()),
        *("--bind", str(private / "tmp"), _TEMPORARY),
        *("--bind", str(private / "home"), _HOME),
        *("--bind", str(private / "files"), _FILES),
        *("--ro-bind", str(Path(inside.__file__).resolve()), _PROGRAM),
        *_directories(*(str(path.parent) for path in above)),
        *_tools(tools),
        *("--bind", str(place.workspace.resolve()), layout.workspace),
        *("--chdir", layout.workspace, "--remount-ro", "/"),
    ]


def _directories(*paths: str) -> Iterator[str]:
    """Make directories and all above them readable; bubblewrap's own are for their owner only."""
    above = {str(parent) for path in paths for parent in (Path(path), *Path(path).parents)}
    for path in sorted(above - {"/"}):
        yield from ("--perms", "0755", "--dir", path)


def _system() -> Iterator[str]:
    yield from ("--ro-bind", str(_SYSTEM), str(_SYSTEM))
    for name in _ROOT_DIRECTORIES:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))


def _etc(written: Path, *, network: bool) -> Iterator[str]:
    for name in _ETC_WRITTEN:
        yield from ("--ro-bind", str(written / name), f"/etc/{name}")
    present = (*_ETC_BOUND, "resolv.conf") if network else _ETC_BOUND
    for name in present:
        if Path("/etc", name).exists():
            yield from ("--ro-bind", f"/etc/{name}", f"/etc/{name}")


def _write_etc(etc: Path) -> None:
    etc.mkdir()
    for name, text in _ETC_WRITTEN.items():
        (etc / name).write_text(text)
        (etc / name).chmod(0o644)


def _tools(paths: Iterable[Path]) -> Iterator[str]:
    """Bind each tool where it is, and where it was said to be if a link led there."""
    for path in paths:
        real = path.resolve()
        for place in dict.fromkeys((real, path)):
            if not place.is_relative_to(_SYSTEM):
                yield from ("--ro-bind", str(real), str(place))


def _own_user() -> list[str]:
    """Map the runner's user; before 0.8 bubblewrap could not forbid namespaces within."""
    forbid = "--disable-userns"
    known = [forbid] if forbid in _options() else []
    return ["--uid", str(INSIDE), "--gid", str(INSIDE), *known]


def _devices() -> list[str]:
    """Make a minimal /dev; what is shared in memory there is bounded, since it is memory."""
    sized = ["--size", str(_SHARED_MEMORY)] if "--size" in _options() else []
    return ["--dev", "/dev", "--perms", "1777", *sized, "--tmpfs", "/dev/shm"]  # noqa: S108


@functools.cache
def _options() -> frozenset[str]:
    command = [_bubblewrap(), "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    return frozenset((known.stdout + known.stderr).split())
