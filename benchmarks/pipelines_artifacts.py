"""How fast an artifact comes in by one stream, on disk and hashed before it is acknowledged.

A real server process takes 256 MB by one signed address: as one body, and in the blocks of 8 MB in
which clients send. Peers in the same round: the same uvicorn with a bare ASGI application that
hashes, writes and syncs as it reads (what the framework leaves at most), and `cp` with `sha256sum`
and a sync (what the disk leaves). Reads go from the page cache through the same socket.
"""

import base64
import hashlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import harness
from benchmarks.harness import Figure

MEGABYTE = 1_000_000
SIZE = 256 * MEGABYTE
BLOCK = 8 * 1024 * 1024
BAR = 300.0
SOURCE = "issue 4: artifacts >= 300 MB/s"


class Server:
    """One of the servers below, as a process of its own; each line asked for is an address."""

    def __init__(self, kind: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pipelines_artifacts", kind, str(folder), str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.address()

    def address(self) -> str:
        """Ask for a fresh address to send to."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def cpu(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def put(url: str, pieces: list[bytes], query: Callable[[int], str]) -> None:
    """Send each piece as a request of its own, all over one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    for number, piece in enumerate(pieces):
        connection.request("PUT", f"{parts.path}?{parts.query}{query(number)}", piece)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.client.CREATED, answer.status
    connection.close()


def timed(server: Server, send: Callable[[str], None]) -> Mapping[str, float]:
    url, cpu, began = server.address(), server.cpu(), time.perf_counter()
    send(url)
    wall = time.perf_counter() - began
    return {"speed": SIZE / MEGABYTE / wall, "cpu": (server.cpu() - cpu) * 1000}


def in_blocks(url: str, body: bytes) -> None:
    pieces = [body[at : at + BLOCK] for at in range(0, SIZE, BLOCK)]
    names = [base64.b64encode(f"{number:08}".encode()).decode() for number in range(len(pieces))]
    put(url, pieces, lambda number: f"&comp=block&blockid={names[number]}")
    listed = "".join(f"<Latest>{name}</Latest>" for name in names)
    put(url, [f"<BlockList>{listed}</BlockList>".encode()], lambda _: "&comp=blocklist")


def copied(file: Path, folder: Path) -> Mapping[str, float]:
    target = folder / "copy"
    began = time.perf_counter()
    subprocess.run(["cp", str(file), str(target)], check=True)
    subprocess.run(["sha256sum", str(target)], check=True, capture_output=True)
    subprocess.run(["sync", str(target)], check=True)
    wall = time.perf_counter() - began
    target.unlink()
    return {"speed": SIZE / MEGABYTE / wall}


def main() -> int:
    body = os.urandom(SIZE)
    with tempfile.TemporaryDirectory(prefix="towpath-bench-") as name:
        folder = Path(name)
        (folder / "body").write_bytes(body)
        for each in ("ours", "floor"):
            (folder / each).mkdir(mode=0o700)
        ours, floor = Server("ours", folder / "ours"), Server("floor", folder / "floor")
        try:
            samples = harness.interleave(
                {
                    "ours": lambda: timed(ours, lambda url: put(url, [body], lambda _: "")),
                    "blocks": lambda: timed(ours, lambda url: in_blocks(url, body)),
                    "uvicorn": lambda: timed(floor, lambda url: put(url, [body], lambda _: "")),
                    "cp": lambda: copied(folder / "body", folder),
                }
            )
        finally:
            ours.end()
            floor.end()
    return harness.report("pipelines-artifacts", _figures(samples), "uvicorn", "starlette")


def _figures(samples: Mapping[str, Mapping[str, list[float]]]) -> list[Figure]:
    peers = {name: samples[name]["speed"] for name in ("uvicorn", "cp")}
    told = [("one stream", "ours"), ("blocks of 8 MB", "blocks")]
    speeds = [
        Figure(
            name=name, unit="MB/s", value=statistics.median(samples[who]["speed"]),
            samples=samples[who]["speed"], peers=peers, op=">=", bar=BAR, source=SOURCE,
        )
        for name, who in told
    ]  # fmt: skip
    share = [a / b for a, b in zip(samples["ours"]["speed"], peers["uvicorn"], strict=True)]
    ratio = Figure(
        name="one stream, of what uvicorn leaves", unit="times", samples=share,
        value=harness.ratio(samples["ours"]["speed"], peers["uvicorn"]), op=">=", bar=0.5,
        source="our own: half of the floor at least",
    )  # fmt: skip
    cpu = Figure(
        name="processor time for 256 MB", unit="ms",
        value=statistics.median(samples["ours"]["cpu"]),
        samples=samples["ours"]["cpu"], peers={"uvicorn": samples["uvicorn"]["cpu"]},
    )  # fmt: skip
    return [*speeds, ratio, cpu]


def serve_ours(folder: Path, port: int) -> None:
    """The application of pipelines on a database of its own."""
    from towpath.app.parts import PARTS
    from towpath.kernel import log
    from towpath.kernel.clock import SystemClock
    from towpath.kernel.context import Kernel
    from towpath.kernel.db.migrate import History, upgrade
    from towpath.kernel.db.opening import open_database
    from towpath.kernel.http.app import create_app
    from towpath.kernel.settings import Settings
    from towpath.pipelines.service import uploading
    from towpath.pipelines.store import uploads

    log.configure(json=True)  # to standard error, as a server does
    clock, url = SystemClock(), f"http://127.0.0.1:{port}"
    database = f"sqlite:///{folder}/towpath.db"
    histories = [
        History(name=p.name, package=p.package, revision=p.revision, metadata=p.metadata)
        for p in PARTS
        if p.revision
    ]
    upgrade(database, histories)
    db = open_database(database, clock)
    kernel = Kernel(db=db, clock=clock, settings=Settings(), data=folder, url=url)

    def address() -> str:
        return db.write(lambda tx: uploading.link(tx, url, uploads.begin(tx), "w"))

    _serve(create_app(kernel, PARTS), port, address)


def serve_floor(folder: Path, port: int) -> None:
    """What uvicorn leaves at most: read, hash, write, sync, answer."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        digest = hashlib.sha256()
        with (folder / "body").open("wb", 0) as file:
            while True:
                message = await receive()
                part = message.get("body", b"")
                digest.update(part)
                file.write(part)
                if not message.get("more_body"):
                    break
            os.fsync(file.fileno())
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    _serve(application, port, lambda: f"http://127.0.0.1:{port}/?")


def _serve(application: Any, port: int, address: Callable[[], str]) -> None:
    """Serve, and write an address for each line that comes in."""
    import asyncio
    import threading

    import uvicorn

    config = uvicorn.Config(
        application, port=port, log_config=None, ws="none", lifespan="off", access_log=False
    )
    server = uvicorn.Server(config)
    threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True).start()
    while not server.started:
        threading.Event().wait(0.05)
    for _ in sys.stdin:
        print(address(), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, folder_name, port_name = sys.argv[1:]
        starter = {"ours": serve_ours, "floor": serve_floor}[kind]
        starter(Path(folder_name), int(port_name))
    else:
        sys.exit(main())
