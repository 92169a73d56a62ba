"""The chat grammar: what people tell the gate in comments.

A command is a line that begins with `/word`, or with `@towpath word`; several may follow each
other on one line. Code blocks, quotes and HTML comments are not for us.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Verb = Literal["help", "status", "wait", "resume", "approve", "retry"]

HELP = """\
| command | what it does | who may |
|---|---|---|
| `/help` | this list | anybody |
| `/status` | where this request stands and what it waits for | anybody |
| `/wait` | keep it out of the queue | members and the author |
| `/wait off` or `/resume` | let it go on | members and the author |
| `/approve` | approve the current head | members, not the author |
| `/retry` | queue a refused request again | members and the author |

`@towpath help` and so on work too."""

_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SLASH = re.compile(r"(?:^|(?<=\s))/(?P<word>[A-Za-z][A-Za-z_-]*)(?=\s|$)(?P<rest>[^/]*)")
_MENTION = re.compile(r"^@towpath(?:-gate)?[:,]?\s+/?(?P<word>[A-Za-z][A-Za-z_-]*)(?P<rest>.*)$")
_VERBS: tuple[Verb, ...] = ("help", "status", "wait", "resume", "approve", "retry")
_OFF = frozenset({"off", "no", "stop"})


@dataclass(frozen=True)
class Command:
    """`verb` is None for a word we do not know; `word` is what was written."""

    verb: Verb | None
    word: str


def parse(body: str) -> list[Command]:
    """Find the commands of a comment, in order, each at most once."""
    commands = [command for line in _spoken(body) for command in _line(line)]
    return list(dict.fromkeys(commands))


def _spoken(body: str) -> Iterator[str]:
    """The lines that are a person's own words; indented lines are code, `>` is a quote."""
    fence = ""
    for line in _HIDDEN.sub("", body).splitlines():
        found = _FENCE.match(line)
        if fence:
            closes = found and found["mark"].startswith(fence) and not line.strip(" `~")
            fence = "" if closes else fence
        elif found:
            fence = found["mark"]
        elif not line.startswith(("    ", "\t", ">", " >")):
            yield line.strip()


def _line(line: str) -> Iterator[Command]:
    mention = _MENTION.match(line)
    if mention:
        yield _command(mention["word"], mention["rest"])
    elif line.startswith("/"):
        if not _SLASH.match(line):
            return
        yield from (_command(found["word"], found["rest"]) for found in _SLASH.finditer(line))


def _command(word: str, rest: str) -> Command:
    known = next((verb for verb in _VERBS if verb == word.lower()), None)
    if known == "wait" and rest.strip().lower().rstrip(".!") in _OFF:
        return Command("resume", word)
    return Command(known, word)
