"""The image that people build: by another tool's builder, on Debian as Debian makes it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.pipelines.docks import until

ROOT = Path(__file__).resolve().parents[2]
BASE = "docker.io/library/debian:stable-slim"
CERTIFICATES = "/etc/ssl/certs"
NEEDED = ("buildah", "debootstrap")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a Debian from its packages"),
    pytest.mark.skipif(
        any(shutil.which(each) is None for each in NEEDED), reason=f"needs {' and '.join(NEEDED)}"
    ),
]


@pytest.fixture(scope="module")
def buildah(tmp_path_factory):
    """The builder, with a store of its own and without a daemon or an OCI runtime."""
    store = tmp_path_factory.mktemp("store")
    where = ["--root", store / "root", "--runroot", store / "run", "--storage-driver", "vfs"]
    environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}

    def call(*words):
        command = ["buildah", *where, *words]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().strip()

    call.command = ["buildah", *where]
    call.environment = environment
    yield call
    call("rm", "--all")


@pytest.fixture(scope="module")
def image(buildah, tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    _debian(buildah, folder / "rootfs")
    context = folder / "context"
    shutil.copytree(ROOT / "requirements", context / "requirements")
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", context]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True)
    volume = f"{CERTIFICATES}:{CERTIFICATES}:ro"  # a company's own authority, where there is one
    buildah(
        "bud", "--pull-never", "--network", "host", "--format", "docker", "--volume", volume,
        "-t", "towpath", "-f", ROOT / "deploy/Containerfile", context,
    )  # fmt: skip
    return "localhost/towpath"


def _debian(buildah, rootfs: Path) -> None:
    command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", "stable"]
    subprocess.run([*command, rootfs], check=True)  # from where it looks by itself
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, rootfs, "/")
    buildah("commit", "--quiet", container, BASE)
    shutil.rmtree(rootfs)


@pytest.fixture(scope="module")
def container(buildah, image):
    return buildah("from", "--pull-never", image)


def _command(buildah, container, port):
    told = json.loads(buildah("inspect", "--type", "container", container))
    config = told["Docker"]["config"]
    words = [*config["Entrypoint"], *config["Cmd"]]
    words[words.index("--port") + 1] = str(port)
    return config, words


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def test_the_image_serves_its_pages_as_nobody_in_particular(buildah, container):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config, words = _command(buildah, container, port)
    assert config["User"] == "towpath"
    assert "readyz" in " ".join(config["Healthcheck"]["Test"])
    command = [*buildah.command, "run", "--network", "host", container, "--", *words]
    with subprocess.Popen(command, env=buildah.environment, start_new_session=True) as running:
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: _answers(f"{url}/readyz") == 200, seconds=120)
            page = urllib.request.urlopen(f"{url}/login", timeout=10).read().decode()
            sheet = re.search(r'href="([^"]+\.css[^"]*)"', page)[1]
            assert _answers(url + sheet) == 200
        finally:
            os.killpg(running.pid, signal.SIGTERM)
        running.wait(timeout=60)
