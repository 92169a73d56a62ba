"""A real OpenID provider for the tests: npm's oidc-provider in a process of its own."""

import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

HERE = Path(__file__).parent
CLIENT, SECRET = "towpath", "a secret of the tests"


@dataclass
class Provider:
    issuer: str
    process: subprocess.Popen[str]

    def change(self, **wanted: Any) -> None:
        """Say who people are (`people`), or start again with another signing key (`kid`)."""
        httpx2.post(f"{self.issuer}/for-tests", json=wanted, verify=False).raise_for_status()

    def walk(self, address: str, who: str | None) -> str:
        """Go where a browser would after the button, as `who` or refusing; where it leads back."""
        with httpx2.Client(verify=False) as browser:
            for _ in range(10):
                if not address.startswith(self.issuer):
                    return address
                if "/log-in/" in address and who:
                    address += f"?who={who}"
                reply = browser.get(address)
                assert reply.is_redirect, reply.text
                address = urljoin(address, reply.headers["location"])
        raise AssertionError(f"the provider goes in circles: {address}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def provider(callback: str, port: int = 0) -> Iterator[Provider]:
    """Start a provider that sends people back to `callback`; its issuer is its address."""
    number = port or free_port()
    process = subprocess.Popen(
        ["node", str(HERE / "oidc_provider.mjs"), str(number), callback],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    errors: queue.Queue[str] = queue.Queue()
    drain = threading.Thread(target=lambda: [errors.put(line) for line in process.stderr])  # type: ignore[union-attr]
    drain.start()
    try:
        line = process.stdout.readline()  # type: ignore[union-attr]
        assert line.startswith("ready "), [errors.get(timeout=5) for _ in range(3)]
        yield Provider(line.split()[1], process)
    finally:
        process.kill()
        process.wait()
        drain.join()
        for stream in (process.stdout, process.stderr):
            stream.close()  # type: ignore[union-attr]
