"""upload-pack and receive-pack as streams: bytes in, bytes out, nothing kept in memory.

The request body feeds the process as fast as it reads, its output goes out as fast as the client
takes it, and whatever ends the stream ends the process. What receive-pack reports is held back
until `finish` has written down what moved, because a client that reads "ok" believes it.
https://git-scm.com/docs/gitprotocol-http, https://git-scm.com/docs/gitprotocol-pack
"""

import asyncio
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from typing import Literal

import structlog

from towpath.forge.clients.embedded import git
from towpath.forge.model.refs import OURS
from towpath.kernel.context import Kernel
from towpath.kernel.errors import TowpathError
from towpath.kernel.http.tasks import spawn

Program = Literal["upload-pack", "receive-pack"]
_CHUNK = 65_536
_KILL_AFTER_SECONDS = 10.0
_PROTOCOL = re.compile(r"version=[0-2]")
_MESSAGES, _FATAL = b"\2", b"\3"
_FLUSH = b"0000"
_log = structlog.get_logger("towpath.forge.wire")


async def advertise(
    kernel: Kernel, repository: str, program: Program, *, protocol: str, all_refs: bool
) -> AsyncGenerator[bytes]:
    """What GET info/refs answers; `protocol` is the Git-Protocol header."""
    if protocol != "version=2" or program == "receive-pack":
        yield _packet(f"# service=git-{program}\n".encode()) + _FLUSH
    also = _environment(protocol, all_refs=all_refs)
    arguments = _arguments(kernel, repository, program, "--http-backend-info-refs")
    async with _process(arguments, also) as process:
        _end_input(process)
        async for chunk in _output(process):
            yield chunk


async def upload_pack(
    kernel: Kernel,
    repository: str,
    body: AsyncIterable[bytes],
    *,
    protocol: str,
    all_refs: bool,
) -> AsyncGenerator[bytes]:
    """Answer a fetch; `all_refs` shows our own refs too."""
    also = _environment(protocol, all_refs=all_refs)
    arguments = _arguments(kernel, repository, "upload-pack")
    async with (
        _process(arguments, also) as process,
        aclosing(_conversation(process, body)) as chunks,
    ):
        async for chunk in chunks:
            yield chunk


async def receive_pack(
    kernel: Kernel,
    repository: str,
    body: AsyncIterable[bytes],
    *,
    environment: Mapping[str, str],
    finish: Callable[[], Sequence[str]],
) -> AsyncGenerator[bytes]:
    """Take a push; `finish` runs once git is done, in a thread, and says lines to the pusher.

    It runs in any case: a client that breaks off, or stops to listen, may have moved refs. If it
    fails the client gets no report: what it does not know to be taken it may push again.
    """
    held = Report()
    done = False
    try:
        async with aclosing(_taken(kernel, repository, body, environment)) as chunks:
            async for chunk in chunks:
                yield held.take(chunk)
        done = True
        yield await _finished(held, repository, finish)
    finally:
        if not done:
            await _finished(held, repository, finish)


async def _taken(
    kernel: Kernel, repository: str, body: AsyncIterable[bytes], environment: Mapping[str, str]
) -> AsyncGenerator[bytes]:
    holding = await asyncio.to_thread(git.hold, git.path(kernel, repository))
    try:
        arguments = _arguments(kernel, repository, "receive-pack")
        async with (
            _process(arguments, environment, (holding,)) as process,
            aclosing(_conversation(process, body)) as chunks,
        ):
            async for chunk in chunks:
                yield chunk
    finally:
        git.release(holding)


async def _finished(held: "Report", repository: str, finish: Callable[[], Sequence[str]]) -> bytes:
    try:
        lines = await asyncio.to_thread(finish)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client must not read "ok"
        _log.exception("push not written down", repository=repository)
        told = error.detail if isinstance(error, TowpathError) else "An error on our side."
        return held.fatal(f"{told} Fetch to see what was taken, then push again.")
    return held.messages(lines) + held.rest()


async def _conversation(process: Process, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Feed the process and yield its output; the error of a body that breaks off comes last."""
    broken: list[Exception] = []
    feeding = spawn(_feed(process, body, broken), "git input")
    try:
        async for chunk in _output(process):
            yield chunk
        await feeding
    finally:
        feeding.cancel()
    if broken:
        raise broken[0]


class Report:
    """Splits receive-pack's output: messages go on at once, the report waits."""

    def __init__(self) -> None:
        self._unread = b""
        self._held: list[bytes] = []
        self._banded = False

    def take(self, chunk: bytes) -> bytes:
        """Read some output; returns what may go on now."""
        self._unread += chunk
        at = 0
        passing: list[bytes] = []
        while len(self._unread) >= at + 4:
            length = max(4, int(self._unread[at : at + 4], 16))
            if len(self._unread) < at + length:
                break
            packet = self._unread[at : at + length]
            at += length
            self._banded = self._banded or packet[4:5] in {b"\1", _MESSAGES}
            (passing if packet[4:5] == _MESSAGES else self._held).append(packet)
        self._unread = self._unread[at:]
        return b"".join(passing)

    def messages(self, lines: Sequence[str]) -> bytes:
        """Lines for the pusher's terminal, if the client has a place for them."""
        if not self._banded:
            return b""
        return b"".join(_packet(_MESSAGES + f"{line}\n".encode()) for line in lines)

    def fatal(self, line: str) -> bytes:
        return _packet(_FATAL + f"{line}\n".encode()) if self._banded else b""

    def rest(self) -> bytes:
        """The report itself."""
        return b"".join(self._held) + self._unread


def _packet(payload: bytes) -> bytes:
    return f"{len(payload) + 4:04x}".encode() + payload


def _arguments(kernel: Kernel, repository: str, program: Program, *options: str) -> list[str]:
    directory = str(git.path(kernel, repository))
    return ["git", program, "--stateless-rpc", *options, directory]


def _environment(protocol: str, *, all_refs: bool) -> dict[str, str]:
    also = {} if all_refs else git.configured(uploadpack__hideRefs=OURS.rstrip("/"))
    return also | ({"GIT_PROTOCOL": protocol} if _PROTOCOL.fullmatch(protocol) else {})


@asynccontextmanager
async def _process(
    arguments: Sequence[str], also: Mapping[str, str], descriptors: Sequence[int] = ()
) -> AsyncIterator[Process]:
    """Run a git process; on leaving, it has ended."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=git.environment() | dict(also),
        pass_fds=descriptors,
    )
    words = spawn(_words(process), "git errors")
    try:
        yield process
        _end_input(process)
        await process.wait()
        if process.returncode:
            _log.info("git ended", arguments=arguments[1:3], code=process.returncode,
                      words=(await words)[:500])  # fmt: skip
    finally:
        if process.returncode is None:
            await _end(process)
        # Pipes close when they are read to their end, also those that nobody listens to.
        await asyncio.wait({words, spawn(_let_fall(process), "git output")}, timeout=5.0)
        words.cancel()


async def _end(process: Process) -> None:
    """Ask the process to end; SIGTERM lets git remove its lock files, so SIGKILL comes last."""
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _KILL_AFTER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _feed(process: Process, body: AsyncIterable[bytes], broken: list[Exception]) -> None:
    """Pass the body on to its end; what a process does not want to read is let fall."""
    wanted = True
    try:
        async for chunk in body:
            wanted = wanted and await _written(process, chunk)
    except Exception as error:  # noqa: BLE001 - raised where the output is read
        broken.append(error)
    finally:
        _end_input(process)


async def _written(process: Process, chunk: bytes) -> bool:
    if process.stdin is None or process.stdin.is_closing():
        return False
    try:
        process.stdin.write(chunk)
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _end_input(process: Process) -> None:
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.close()


async def _output(process: Process) -> AsyncIterator[bytes]:
    while process.stdout is not None and (chunk := await process.stdout.read(_CHUNK)):
        yield chunk


async def _let_fall(process: Process) -> None:
    async for _ in _output(process):
        pass


async def _words(process: Process) -> str:
    """Keep the end of what git says beside its output; reading it all keeps git from waiting."""
    said = b""
    while process.stderr is not None and (chunk := await process.stderr.read(_CHUNK)):
        said = (said + chunk)[-2_000:]
    return said.decode("utf-8", "replace")
