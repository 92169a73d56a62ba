"""The pre-receive hook: asks the server whether a push may be taken, and says its answer.

A program apart: git starts it for each push with `python -I -S`, so it stands on the standard
library alone. It speaks HTTP/1.0 over the server's unix socket, by hand, because importing an
HTTP client would take longer than all the rest. Exit code 0 lets the push in.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping

TIMEOUT_SECONDS = 60.0
ADDRESS = "/api/towpath/v1/hooks/pre-receive"


def main() -> int:
    try:
        environment = os.environ  # noqa: TID251 - git speaks to hooks through it
        admitted, lines = ask(environment, sys.stdin.buffer.read())
    except (OSError, ValueError, LookupError) as error:
        admitted = False
        lines = [
            f"Towpath could not be asked whether this push may be taken: {error!r}",
            "Nothing was changed. Push through Towpath's address; if you did, try again.",
        ]
    for line in lines:
        say(line)
    return 0 if admitted else 1


def ask(environment: Mapping[str, str], commands: bytes) -> tuple[bool, list[str]]:
    """Hand over `old new ref` lines and push options; returns the verdict and what to say."""
    count = int(environment.get("GIT_PUSH_OPTION_COUNT", "0"))
    question = {
        "push": environment["TOWPATH_PUSH"],
        "updates": [text(line).split(" ", 2) for line in commands.splitlines()],
        "options": [
            text(os.fsencode(environment[f"GIT_PUSH_OPTION_{number}"])) for number in range(count)
        ],
    }
    reply = exchange(environment["TOWPATH_HOOK_SOCKET"], json.dumps(question).encode())
    head, _, body = reply.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1] != b"200":
        raise ValueError(head[:100])
    answer = json.loads(body)
    return answer["admitted"] is True, answer["lines"]


def text(raw: bytes) -> str:
    """Spell bytes that are not UTF-8 with a backslash, which no ref name may hold."""
    return raw.decode("utf-8", "backslashreplace")


def exchange(path: str, body: bytes) -> bytes:
    """Post the body to the server and return its whole reply."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120 - pathlib costs 5 ms
    head = f"POST {ADDRESS} HTTP/1.0\r\nHost: towpath\r\nContent-Type: application/json\r\n"
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(TIMEOUT_SECONDS)
        # The address of a unix socket holds 107 bytes; through the open folder any path fits.
        server.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")  # noqa: PTH119
        server.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return b"".join(iter(lambda: server.recv(65_536), b""))


def say(line: str) -> None:
    """Write a line; what a stranger named may not steer the pusher's terminal."""
    sys.stderr.write("".join(one if one.isprintable() else "?" for one in line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
