"""Prepares what one make target needs, and does nothing when it is there already.

Usage: setup.py {demo,test,lint,bench,screenshots}

Order: look for Debian packages (and stop before any work if they can't be installed), make the
virtual environment, install hashed requirements, install Towpath itself with its web assets.
Standard library only: it runs before anything is installed.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
BUILT = ROOT / "src/towpath/kernel/pages/static/built"
OLDEST_GIT = (2, 38)  # the first with `git merge-tree --write-tree`


@dataclass(frozen=True)
class Need:
    """A Debian package, what it is for, and how to see that it (or its like) is there."""

    package: str
    purpose: str
    present: Callable[[], bool]


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _can_make_venv() -> bool:
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True)
    return probe.returncode == 0


def _has_postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or bool(shutil.which("initdb"))


def _has_slapd() -> bool:
    return Path("/usr/sbin/slapd").exists() or bool(shutil.which("slapd"))


def _has_library(name: str) -> Callable[[], bool]:
    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


PYTHON_VENV = Need("python3-venv", "the virtual environment", _can_make_venv)
BUBBLEWRAP = Need("bubblewrap", "the sandbox of jobs", _program("bwrap"))
CHROMIUM = Need("chromium", "tests of the pages", _program("chromium", "chromium-browser"))
LIBATOMIC = Need("libatomic1", "the driver of the browser", _has_library("libatomic.so.1"))
POSTGRESQL = Need("postgresql", "tests on PostgreSQL", _has_postgresql)
STRACE = Need("strace", "looking for fsync in traces", _program("strace"))
SLAPD = Need("slapd", "importing people from LDAP", _has_slapd)
IPROUTE = Need("iproute2", "several hosts on this machine", _program("ip"))
PROMETHEUS = Need("prometheus", "reading the rules for Prometheus", _program("promtool"))
BUILDAH = Need("buildah", "building the image without a daemon", _program("buildah"))
DEBOOTSTRAP = Need("debootstrap", "the Debian below the image", _program("debootstrap"))


TESTED = (PYTHON_VENV, BUBBLEWRAP, CHROMIUM, LIBATOMIC, POSTGRESQL, STRACE, SLAPD, IPROUTE)


@dataclass(frozen=True)
class Target:
    """`foreign`: wants the clients and servers that others wrote for Node (tests/node)."""

    needs: tuple[Need, ...]
    requirements: tuple[str, ...]
    foreign: bool = False


TARGETS = {
    "demo": Target((PYTHON_VENV, BUBBLEWRAP), ("dev",)),
    "lint": Target((PYTHON_VENV,), ("dev",)),
    "test": Target(TESTED, ("dev", "e2e"), foreign=True),
    "test-all": Target((*TESTED, PROMETHEUS, BUILDAH, DEBOOTSTRAP), ("dev", "e2e"), foreign=True),
    "bench": Target((PYTHON_VENV, BUBBLEWRAP, POSTGRESQL, STRACE), ("dev", "bench")),
    "screenshots": Target((PYTHON_VENV, BUBBLEWRAP, CHROMIUM, LIBATOMIC), ("dev", "e2e")),
}


def main() -> None:
    target = TARGETS[sys.argv[1]]
    os.chdir(ROOT)
    os.umask(0o022)  # jobs run as users of their own, who must be able to read the Python here
    check_git()
    install_debian_packages(missing(target.needs))
    make_venv()
    for name in target.requirements:
        install_requirements(name)
    build_assets()
    install_towpath()
    if target.foreign:
        fetch_foreign()


def missing(needs: tuple[Need, ...]) -> list[Need]:
    wanted = [need for need in needs if need is not POSTGRESQL or not _without_postgresql()]
    if len(wanted) < len(needs):
        say("PG=0: PostgreSQL is left out; only SQLite is used.")
    return [need for need in wanted if not need.present()]


def _without_postgresql() -> bool:
    return os.environ.get("PG") == "0"


def check_git() -> None:
    words = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(number) for number in words.split()[2].split(".")[:2])
    if version < OLDEST_GIT:
        stop(f"{words.strip()} is too old: Towpath merges in memory, which needs git 2.38.")


def install_debian_packages(needs: list[Need]) -> None:
    if not needs:
        return
    for need in needs:
        say(f"missing: {need.package} ({need.purpose})")
    packages = [need.package for need in needs]
    prefix = _privilege()
    if prefix is None:
        stop(_by_hand(packages))
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    with step("apt-get update"):
        run([*apt, "update"])
    with step(f"apt-get install {' '.join(packages)}"):
        run([*apt, "install", "--no-install-recommends", *packages])


def _privilege() -> list[str] | None:
    """Return what to put before apt-get: nothing for root, else sudo if it needs no password."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _by_hand(packages: list[str]) -> str:
    lines = [
        "Nothing was changed. Install these first, as root:",
        f"    apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}",
    ]
    if POSTGRESQL.package in packages:
        lines.append("or leave PostgreSQL out, with PG=0 on the command line of make.")
    return "\n".join(lines)


def make_venv() -> None:
    python = VENV / "bin/python"
    if (
        python.exists()
        and subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0
    ):
        return
    with step(f"virtual environment in {VENV.name} ({sys.version.split()[0]})"):
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def install_requirements(name: str) -> None:
    path = Path("requirements") / f"{name}.txt"
    digest = _digest([ROOT / path])
    if _stamp(name) == digest:
        return
    with step(f"packages of {path} (a minute or two the first time)"):
        run([*_installer(), "install", "--quiet", "--require-hashes", "-r", str(path)])
    _write_stamp(name, digest)


def build_assets() -> None:
    """Gather what pages load; without it pages still work as plain HTML, so only say it."""
    digest = _digest(list(_web_sources()))
    if _stamp("assets") == digest and BUILT.is_dir():
        return
    with step("the pages' assets"):
        said = run([str(VENV / "bin/python"), "web/build.py"])
    if said.strip():
        say(said.strip())
        return
    _write_stamp("assets", digest)


def install_towpath() -> None:
    digest = _digest([ROOT / "pyproject.toml"])
    if _stamp("towpath") == digest:
        return
    with step("Towpath itself"):
        run([*_pip(), "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."])
    _write_stamp("towpath", digest)


def fetch_foreign() -> None:
    folder = ROOT / "tests/node"
    digest = _digest([folder / "package-lock.json", folder / "fetch.py"])
    if _stamp("node") == digest and (folder / "node_modules").is_dir():
        return
    with step("clients written by others, from npm"):
        run([str(VENV / "bin/python"), "-m", "tests.node.fetch"])
    _write_stamp("node", digest)


def _web_sources() -> Iterator[Path]:
    for path in sorted((ROOT / "web").rglob("*")):
        if path.is_file() and not {"node_modules", "__pycache__"} & set(path.parts):
            yield path


def _pip() -> list[str]:
    return [str(VENV / "bin/python"), "-m", "pip", "--disable-pip-version-check"]


def _installer() -> list[str]:
    """Pip; or uv, where uv would look in the same place.

    uv reads none of pip's configuration. So it is used only when it has an index of its own, or
    when pip has no configuration that uv could miss.
    """
    uv = shutil.which("uv")
    if uv and (_uv_has_an_index() or not _pip_is_configured()):
        return [uv, "pip", "--python", str(VENV / "bin/python")]
    return _pip()


def _uv_has_an_index() -> bool:
    return any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"))


def _pip_is_configured() -> bool:
    listed = subprocess.run([*_pip(), "config", "list"], capture_output=True, text=True)
    return any(word in listed.stdout for word in ("index-url", "find-links", "no-index", "proxy"))


def _digest(paths: list[Path]) -> str:
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def _stamp(name: str) -> str:
    path = STAMPS / name
    return path.read_text() if path.exists() else ""


def _write_stamp(name: str, digest: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(digest)


def run(command: list[str]) -> str:
    """Return what the command said; a failure shows all of it and ends the set-up."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        stop(f"\n{done.stdout}\nfailed ({done.returncode}): {' '.join(command)}")
    return done.stdout


@contextmanager
def step(what: str) -> Iterator[None]:
    say(f"{what} …", end=" ")
    start = time.monotonic()
    yield
    print(f"done in {time.monotonic() - start:.0f} s", flush=True)


def say(text: str, end: str = "\n") -> None:
    print(f"set-up: {text}", end=end, flush=True)


def stop(text: str) -> None:
    print(f"set-up: {text}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
