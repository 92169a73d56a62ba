"""What asks us, before refs move, whether a push may be taken.

Every receive-pack is started with DATA/hooks as its hooks and a token that names its one push,
signed with a key that only this data directory has. A token is good for one question while its
push runs. A repository written to by any other way has no token, and its pushes are refused.
"""

import base64
import fcntl
import hashlib
import hmac
import os
import secrets
import shlex
import sys
from importlib import resources
from pathlib import Path

import msgspec

from towpath.forge.clients.embedded import git
from towpath.forge.model.refs import Push
from towpath.kernel.clock import Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.disk import replace_file, sync_directory
from towpath.kernel.errors import Denied, Unavailable

LONGEST_PUSH_SECONDS = 4 * 3600
_SCRIPT = "pre_receive.py"
_PYTHON = "TOWPATH_HOOK_PYTHON"
_KEY_BYTES = 32
_may_ask: set[str] = set()
"""The pushes under way in this process that have not asked yet: git runs under the process that
started it and asks at that process's own door, so nobody else needs to know.
"""


class _Claim(msgspec.Struct, frozen=True):
    push: Push
    until: Micros


def install_hook(kernel: Kernel) -> None:
    """Write the hook and the signing key; again at every start, for the program may have moved."""
    folder = kernel.data / "hooks"
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_directory(kernel.data)
    script = folder / _SCRIPT
    source = resources.files("towpath.forge.clients.embedded").joinpath(_SCRIPT).read_bytes()
    # Hosts that share the directory may have installed us in different places.
    call = f'"${{{_PYTHON}:-{sys.executable}}}" -I -S {shlex.quote(str(script))}'
    replace_file(script, source, 0o600)
    replace_file(folder / "pre-receive", f"#!/bin/sh\nexec {call}\n".encode(), 0o700)
    _make_key(folder)


def _make_key(folder: Path) -> None:
    """Make the key unless there is a whole one; of processes that start together, one makes it."""
    alone = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if len(_key(folder)) != _KEY_BYTES:
            replace_file(folder / "key", secrets.token_bytes(_KEY_BYTES), 0o600)
    finally:
        os.close(alone)


def _key(folder: Path) -> bytes:
    try:
        return (folder / "key").read_bytes()
    except FileNotFoundError:
        return b""


def environment(kernel: Kernel, push: Push) -> dict[str, str]:
    """What receive-pack needs on top of the environment of every git process.

    From here to `end` the push may ask its one question.
    """
    until = after(kernel.clock.now(), LONGEST_PUSH_SECONDS)
    claim = base64.urlsafe_b64encode(msgspec.json.encode(_Claim(push, until)))
    token = f"{claim.decode()}.{_signature(kernel, claim)}"
    _may_ask.add(push.id)
    return git.configured(core__hooksPath=str(kernel.data / "hooks")) | {
        "TOWPATH_PUSH": token,
        "TOWPATH_HOOK_SOCKET": str(kernel.door or kernel.data / "hook.sock"),
        _PYTHON: sys.executable,
    }


def end(push: Push) -> None:
    """The push is over: whoever kept its token has nothing."""
    _may_ask.discard(push.id)


def push_of(kernel: Kernel, token: str) -> Push:
    """The push that a token names, once; Denied afterwards, and if we did not sign it."""
    claim, _, signature = token.encode("ascii", "replace").partition(b".")
    if not hmac.compare_digest(signature, _signature(kernel, claim).encode()):
        raise _denied()
    found = msgspec.json.decode(base64.urlsafe_b64decode(claim), type=_Claim)
    if found.until < kernel.clock.now():
        raise _denied()
    try:
        _may_ask.remove(found.push.id)
    except KeyError:
        raise _denied() from None
    return found.push


def _signature(kernel: Kernel, claim: bytes) -> str:
    key = _key(kernel.data / "hooks")
    if len(key) != _KEY_BYTES:
        raise Unavailable(
            "The key that signs for pushes is damaged.",
            next_step="Restart the server, which makes a new one.",
        )
    return hmac.new(key, claim, hashlib.sha256).hexdigest()


def _denied() -> Denied:
    return Denied("This is not the token of a running push.", next_step="Push again.")
