"""Patterns of strangers on lines of strangers, in a process of its own that can be spared.

A pattern may take longer than the sun will shine. So it runs here, with little memory, and is
interrupted when one line has cost it a second of processor time; the runner only reads answers.
One JSON line in, `{"patterns": [...], "lines": [...]}`, one out: for each pattern the groups by
line number, or why it is of no use. Nothing but the standard library.
"""

import json
import re
import resource
import signal
import sys
from types import FrameType

SECONDS = 1.0
"""Processor time that one pattern may spend on one line."""
_MEMORY = 512 << 20
_NAMED = re.compile(r"\(\?<(?![=!])")


class TooLong(Exception):
    pass


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong


def searched(pattern: str, lines: "list[str]") -> "dict[str, list[str | None]] | str":
    """Search each line; or say in words why that cannot be done."""
    found = {}
    try:
        regex = re.compile(_NAMED.sub("(?P<", pattern), re.ASCII)
        for number, line in enumerate(lines):
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            if match := regex.search(line):
                found[str(number)] = [match[0], *match.groups()]
    except TooLong:
        return f"it takes longer than {SECONDS:g} s on a line"
    except (re.error, RecursionError, MemoryError, OverflowError) as error:
        return f"it cannot be used: {error}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return found


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGVTALRM, _interrupt)
    for line in sys.stdin:
        asked = json.loads(line)
        answers = [searched(each, asked["lines"]) for each in asked["patterns"]]
        sys.stdout.write(f"{json.dumps(answers)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
