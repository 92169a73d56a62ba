"""actions/cache, actions/cache/restore and actions/cache/save.

What is kept is a gzipped tar with paths relative to the workspace, and its version the hash that
GitHub's client computes: so both find what the other kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from typing import IO

from towpath.pipelines.remote.aboard import finding, serving, speaking
from towpath.pipelines.remote.aboard.serving import Fetching, Sending
from towpath.pipelines.remote.aboard.speaking import Failed, given, is_set, output, say, variable

_SALT = "1.0"
_PIECE = 1 << 20


def restore(*, begins: bool = True) -> None:
    """Bring back what was kept under a key, or one that begins alike.

    `begins` says that the job's end will save it, and what that must know.
    """
    key, others = _key(), speaking.lines("restore-keys")
    output("cache-primary-key", key)
    if begins:
        speaking.keep("CACHE_KEY", key)
    version = _version(speaking.lines("path"))
    found = serving.call(
        "CacheService/GetCacheEntryDownloadURL", key=key, restore_keys=others, version=version
    )
    if not found.get("ok"):
        if is_set("fail-on-cache-miss"):
            raise Failed(f"Nothing is cached for {key!r}.")
        say(f"Nothing is cached for {', '.join([key, *others])}")
        output("cache-hit", "")
        return
    matched = str(found["matched_key"])
    if begins:
        speaking.keep("CACHE_RESULT", matched)
    if is_set("lookup-only"):
        say(f"The cache has {matched!r}")
    else:
        _unpack(Fetching(str(found["signed_download_url"])))
        say(f"Restored {matched!r}")
    output("cache-matched-key", matched)
    output("cache-hit", "true" if matched == key else "false")


def save_at_end() -> None:
    """Keep the paths of `cache` once the job has passed, unless just that was restored."""
    key = speaking.kept("CACHE_KEY")
    if not key or speaking.kept("CACHE_RESULT") == key:
        say(f"The cache has {key!r} already" if key else "There is nothing to keep.")
        return
    try:
        _save(key)
    except Failed as error:
        speaking.warn(f"Nothing was cached: {error}")  # a cache is for speed alone


def save() -> None:
    """Keep paths now."""
    try:
        _save(_key())
    except serving.Taken as error:
        speaking.warn(str(error))


def _key() -> str:
    key = given("key")
    if not key:
        raise Failed("The action needs the input `key`.")
    return key


def _save(key: str) -> None:
    paths = speaking.lines("path")
    found = _relative(paths)
    if not found:
        raise Failed(f"None of {', '.join(paths)} is there.")
    version = _version(paths)
    made = serving.call("CacheService/CreateCacheEntry", key=key, version=version)
    if not made.get("ok"):
        speaking.warn(str(made.get("message") or f"{key!r} is not kept."))
        return
    sending = Sending(str(made["signed_upload_url"]))
    _pack(found, sending)
    sending.end()
    serving.call(
        "CacheService/FinalizeCacheEntryUpload",
        key=key, version=version, size_bytes=str(sending.size),
    )  # fmt: skip
    say(f"Kept {speaking.size(sending.size)} as {key!r}")


def _relative(paths: list[str]) -> list[str]:
    here, home = variable("GITHUB_WORKSPACE"), variable("HOME")
    wanted = finding.patterns(paths, home, here)
    found = finding.find(wanted, below=False, folders=True)
    return [os.path.relpath(path, here) for path in found.files]


def _version(paths: list[str]) -> str:
    """Hash what tells caches of one key apart, as GitHub's client does."""
    if not paths:
        raise Failed("The action needs the input `path`.")
    return hashlib.sha256("|".join([*paths, "gzip", _SALT]).encode()).hexdigest()


def _pack(paths: list[str], sending: Sending) -> None:
    with tempfile.TemporaryFile() as names, tempfile.TemporaryFile() as said:
        names.write(b"".join(path.encode() + b"\0" for path in paths))
        names.seek(0)
        command = ["tar", "--posix", "-cz", "-P", *_here(), "--null", "--files-from", "-"]
        reading, writing = os.pipe()
        with open(reading, "rb", 0) as made:
            tar = subprocess.Popen(command, stdin=names, stdout=writing, stderr=said)
            os.close(writing)
            while piece := made.read(_PIECE):
                sending.write(piece)
        _judge(tar, said)


def _unpack(fetching: Fetching) -> None:
    with tempfile.TemporaryFile() as said:
        reading, writing = os.pipe()
        tar = subprocess.Popen(["tar", "-xz", "-P", *_here()], stdin=reading, stderr=said)
        os.close(reading)
        # What tar says, when it ends early, is told below.
        with contextlib.suppress(BrokenPipeError), open(writing, "wb", 0) as to:
            to.writelines(fetching.pieces())
        _judge(tar, said)


def _here() -> list[str]:
    return ["-C", variable("GITHUB_WORKSPACE")]


def _judge(tar: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if code := tar.wait():
        said.seek(0)
        told = said.read(400).decode("utf-8", "replace").strip()
        raise Failed(f"tar ended with exit code {code}: {told}")
