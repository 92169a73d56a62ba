"""What asks us, before refs move, whether a push may be taken.

Every receive-pack is started with DATA/hooks as its hooks and a token that names its one push,
signed with a key that only this data directory has. A repository written to by any other way
has no token, and its pushes are refused.
"""

import base64
import hashlib
import hmac
import secrets
import shlex
import sys
from contextlib import suppress
from importlib import resources
from pathlib import Path

import msgspec

from towpath.forge.clients.embedded import git
from towpath.forge.model.refs import Push
from towpath.kernel.clock import Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.errors import Denied

LONGEST_PUSH_SECONDS = 4 * 3600
_SCRIPT = "pre_receive.py"
_PYTHON = "TOWPATH_HOOK_PYTHON"


class _Claim(msgspec.Struct, frozen=True):
    push: Push
    until: Micros


def install_hook(kernel: Kernel) -> None:
    """Write the hook and the signing key; again at every start, for the program may have moved."""
    folder = kernel.data / "hooks"
    folder.mkdir(mode=0o700, exist_ok=True)
    script = folder / _SCRIPT
    source = resources.files("towpath.forge.clients.embedded").joinpath(_SCRIPT).read_bytes()
    # Hosts that share the directory may have installed us in different places.
    call = f'"${{{_PYTHON}:-{sys.executable}}}" -I -S {shlex.quote(str(script))}'
    _replace(script, source, 0o600)
    _replace(folder / "pre-receive", f"#!/bin/sh\nexec {call}\n".encode(), 0o700)
    _make_key(folder / "key")


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write beside and rename, so that a hook that runs meanwhile reads one or the other."""
    _beside(path, content, mode).replace(path)


def _make_key(path: Path) -> None:
    """Make the key unless there is one; of processes that start together, the first makes it."""
    if path.exists():
        return
    fresh = _beside(path, secrets.token_bytes(32), 0o600)
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def _beside(path: Path, content: bytes, mode: int) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    beside.write_bytes(content)
    beside.chmod(mode)
    return beside


def environment(kernel: Kernel, push: Push) -> dict[str, str]:
    """What receive-pack needs on top of the environment of every git process."""
    until = after(kernel.clock.now(), LONGEST_PUSH_SECONDS)
    claim = base64.urlsafe_b64encode(msgspec.json.encode(_Claim(push, until)))
    return git.configured(core__hooksPath=str(kernel.data / "hooks")) | {
        "TOWPATH_PUSH": f"{claim.decode()}.{_signature(kernel, claim)}",
        "TOWPATH_HOOK_SOCKET": str(kernel.door or kernel.data / "hook.sock"),
        _PYTHON: sys.executable,
    }


def push_of(kernel: Kernel, token: str) -> Push:
    """The push that a token names; Denied if we did not sign it, or if it has run for hours."""
    claim, _, signature = token.encode("ascii", "replace").partition(b".")
    if not hmac.compare_digest(signature, _signature(kernel, claim).encode()):
        raise _denied()
    found = msgspec.json.decode(base64.urlsafe_b64decode(claim), type=_Claim)
    if found.until < kernel.clock.now():
        raise _denied()
    return found.push


def _signature(kernel: Kernel, claim: bytes) -> str:
    key = (kernel.data / "hooks" / "key").read_bytes()
    return hmac.new(key, claim, hashlib.sha256).hexdigest()


def _denied() -> Denied:
    return Denied("This is not the token of a running push.", next_step="Push again.")
