"""A box made by bubblewrap: new user, mount, process, network, IPC and host-name namespaces.

It starts from nothing and binds a list: the system's programs, a generated /etc, the tools it was
given, the workspace. Never `/`, never a home, never the server's data.
https://github.com/containers/bubblewrap
"""

import dataclasses
import functools
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import inside, launch
from towpath.pipelines.remote.directories import Layout, make_layout, make_private
from towpath.pipelines.remote.place import Place, check, python_paths
from towpath.pipelines.remote.session import Box

USER = 1000
_PROGRAM = "/run/towpath/inside.py"
_FILES = "/run/towpath/files"
_HOME = "/home/runner"
_SYSTEM = Path("/usr")
_ROOT_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_BOUND = ("ssl/certs", "ld.so.cache", "localtime", "alternatives")
_ETC_WRITTEN = {
    "passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    f"runner:x:{USER}:{USER}:runner:{_HOME}:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": f"root:x:0:\nrunner:x:{USER}:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost runner\n::1 localhost ip6-localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def open_box(place: Place) -> Box:
    """Open a sandbox; Unavailable if bubblewrap is missing or the kernel refuses it.

    The workspace appears at /workspace/<its name> unless `appears_at` says otherwise: the same
    path on every machine keeps builds reproducible and tells steps nothing about this one.
    """
    check(place)
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise Unavailable("Bubblewrap is not installed.", next_step="apt install bubblewrap")
    private = make_private(place.scratch)
    seen = place.appears_at or f"/workspace/{place.workspace.resolve().name}"
    outside = make_layout(private, seen, place.tool_paths)
    layout = dataclasses.replace(outside, files=_FILES, home=_HOME, temporary="/tmp")  # noqa: S108
    _write_etc(private / "etc")
    arguments = [bubblewrap, *_arguments(place, layout)]
    return launch.start(
        layout,
        place.limits,
        lambda descriptor: [*arguments, *launch.python(_PROGRAM), str(descriptor)],
    )


def _arguments(place: Place, layout: Layout) -> list[str]:
    private = layout.private
    return [
        *("--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"),
        *("--unshare-user", "--uid", str(USER), "--gid", str(USER), "--hostname", "runner"),
        *("--cap-drop", "ALL", *_supported("--disable-userns")),
        *(("--share-net",) if place.network else ()),
        *_directories("/etc/ssl", "/home", "/run/towpath", str(Path(layout.workspace).parent)),
        *_system(),
        *_etc(private / "etc", network=place.network),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--bind", str(private / "tmp"), "/tmp"),  # noqa: S108
        *("--bind", str(private / "home"), _HOME),
        *("--bind", str(private / "files"), _FILES),
        *("--ro-bind", str(Path(inside.__file__).resolve()), _PROGRAM),
        *_tools((*place.tool_paths, *python_paths())),
        *("--bind", str(place.workspace.resolve()), layout.workspace),
        *("--chdir", layout.workspace, "--remount-ro", "/", "--"),
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


def _tools(paths: Iterable[Path]) -> Iterator[str]:
    """Bind each tool where it is, and where it was said to be if a link led there."""
    for path in dict.fromkeys(paths):
        real = path.resolve()
        for place in dict.fromkeys((real, path)):
            if not place.is_relative_to(_SYSTEM):
                yield from ("--ro-bind", str(real), str(place))


@functools.cache
def _supported(option: str) -> tuple[str, ...]:
    known = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return (option,) if option in known.stdout + known.stderr else ()
