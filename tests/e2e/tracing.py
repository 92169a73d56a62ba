"""Reads what strace saw: which call began and ended before which other."""

import re
from dataclasses import dataclass
from pathlib import Path

STRACE = (
    "strace",
    "-f",
    "--seccomp-bpf",
    "-y",
    "-s",
    "70000",
    "-e",
    "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync,rename,renameat,renameat2,link",
    "-o",
)
_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*)$")
_RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")
_FILE = re.compile(r"^\d+<(?P<path>[^>]*)>")
_SYNCS = {"fdatasync", "fsync"}
_SENDS = {"write", "writev", "sendto", "sendmsg"}


@dataclass
class Call:
    """`began` and `ended` are line numbers of the trace; a call that never ended has none."""

    pid: int
    name: str
    text: str
    began: int
    ended: int | None

    @property
    def path(self):
        found = _FILE.match(self.text)
        return found["path"] if found else ""


def calls(trace: Path) -> list[Call]:
    found, waiting = [], {}
    for number, line in enumerate(trace.read_text(errors="replace").splitlines()):
        if resumed := _RESUMED.match(line):
            call = waiting.pop((resumed["pid"], resumed["name"]), None)
            if call:
                call.text += resumed["rest"]
                call.ended = number
        elif started := _CALL.match(line):
            unfinished = started["rest"].endswith("<unfinished ...>")
            ended = None if unfinished else number
            call = Call(int(started["pid"]), started["name"], started["rest"], number, ended)
            found.append(call)
            if unfinished:
                waiting[started["pid"], started["name"]] = call
    return found


def written(seen, text, *, file):
    """Writes of `text` to a file whose path contains `file`."""
    return [
        c for c in seen if c.name in {"write", "pwrite64"} and text in c.text and file in c.path
    ]


def sent(seen, text):
    """The first time `text` goes out on a socket."""
    return next(
        (c for c in seen if c.name in _SENDS and "socket:" in c.path and text in c.text), None
    )


def syncs(seen, file):
    """Completed, successful syncs of files whose path contains `file`."""
    return [
        c
        for c in seen
        if c.name in _SYNCS and file in c.path and c.ended is not None and c.text.endswith("= 0")
    ]


def synced_between(seen, file, write, answer):
    """Whether a sync of `file` began after `write` had ended and ended before `answer` began."""
    return write.ended is not None and any(
        sync.began > write.ended and sync.ended < answer.began for sync in syncs(seen, file)
    )
