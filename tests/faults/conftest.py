"""Disks that fill up or fail, and servers on them, all gone when the test is over."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.kill.harness import Server

PROGRAMS = str(Path(__file__).with_name("programs.py"))
DISK_BYTES = 48 * 1024 * 1024


class Disk:
    """A file system of its own in a file, mounted; ext4, because one can make it fail."""

    def __init__(self, folder):
        self.image, self.path = folder / "disk.img", folder / "disk"
        self.path.mkdir()
        with self.image.open("wb") as image:
            image.truncate(DISK_BYTES)
        must("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        self.mount()

    def mount(self):
        must("mount", "-o", "loop,errors=remount-ro", self.image, self.path)

    def unmount(self):
        must("umount", self.path)

    def fill(self):
        """Take every byte that is left; returns the file to remove."""
        ballast = self.path / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        file.write(b"\0" * size)
                    except OSError:
                        break
        os.sync()
        return ballast

    def break_down(self):
        """Let the kernel meet an error, after which it writes no more: errors=remount-ro."""
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        (device,) = [words[0] for words in mounts if words[1] == str(self.path)]
        Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("1")

    def repair(self):
        self.unmount()
        subprocess.run(["e2fsck", "-y", str(self.image)], capture_output=True, check=False)
        self.mount()


def must(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.decode().strip()}")


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="faults-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def disk(folder):
    try:
        made = Disk(folder)
    except OSError as error:
        pytest.skip(f"NO FILE SYSTEM MAY BE MOUNTED HERE (it takes root, loop, ext4): {error}")
    yield made
    made.unmount()


@pytest.fixture
def serve(folder):
    """serve(program) starts a server with that start-up program, or the product itself."""
    made = []

    def start(program=None, **options):
        chosen = {"program": (PROGRAMS, program)} if program else {}
        made.append(Server(folder, **chosen, **options))
        return made[-1].start()

    yield start
    for server in made:
        server.stop()
