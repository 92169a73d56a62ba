"""Problem matchers at work: lines that steps print become annotations.

Patterns are searched by a process of its own (regexes.py) that is interrupted when it takes too
long. A file that `::add-matcher::` names lies in the box, where nothing can be read while a step
runs: so from there on lines are kept, and matched when the step has ended.
"""

import json
import re
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats import matchers as matcher_files
from towpath.pipelines.model.execution import Annotation
from towpath.pipelines.model.matchers import Fits, Following, Groups, Matcher, annotation
from towpath.pipelines.remote import launch

BUDGET = 120.0
"""Seconds that the patterns of one job may take in all."""
MOST_KEPT = 20_000
"""Lines that wait for a file to be read; those after them are not matched."""
_PROGRAM = Path(launch.__file__).with_name("regexes.py")
_LONGEST_LINE = 4096
_BATCH = 500
_ANSWER_SECONDS = 60.0
_MOST = 100
_COLOURS = re.compile(rb"\x1b\[[0-9;]*m?")
_Answers = Mapping[str, Mapping[str, Groups]]


@dataclass(frozen=True)
class Change:
    """A file of matchers to add or to remove, or the owner of those to remove."""

    path: str = ""
    owner: str = ""
    removes: bool = False


class Matching:
    """The matchers of one job. `read` gives a file of the box, between steps."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._process: subprocess.Popen[str] | None = None
        self._left = BUDGET
        self.known: list[Matcher] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def change(self, change: Change) -> None:
        """Add the matchers of a file, in front of those there are; InvalidInput if it is none."""
        if change.owner:
            self._forget({change.owner.lower()})
            return
        source = self._read(change.path)
        if source is None:
            raise InvalidInput(f"There is no file `{change.path}` with problem matchers.")
        try:
            if change.removes:
                self._forget({each.owner.lower() for each in matcher_files.parse(source)})
            else:
                self.learn(source)
        except InvalidInput as error:
            raise InvalidInput(f"`{change.path}` cannot be used: {error.detail}.") from error

    def learn(self, source: bytes) -> None:
        found = matcher_files.parse(source)
        self._forget({matcher.owner.lower() for matcher in found})
        self.known = [*(each for each in found if each.patterns), *self.known][:_MOST]

    def _forget(self, owners: set[str]) -> None:
        self.known = [each for each in self.known if each.owner.lower() not in owners]

    def search(self, lines: Sequence[str], complain: Callable[[str], object]) -> _Answers:
        """Search lines by all patterns; a matcher with a pattern of no use is given up."""
        regexes = list({each.regex for matcher in self.known for each in matcher.patterns})
        began = time.monotonic()
        answers = self._asked({"patterns": regexes, "lines": lines})
        self._left -= time.monotonic() - began
        if answers is None or self._left < 0:
            complain("Problem matchers are given up: they take too long.")
            self.known = []
            return {}
        found = dict(zip(regexes, answers, strict=True))
        for matcher in self.known:
            bad = [each.regex for each in matcher.patterns if isinstance(found[each.regex], str)]
            if bad:
                complain(f"The problem matcher `{matcher.owner}` is given up: {found[bad[0]]}.")
                self._forget({matcher.owner.lower()})
        return {regex: each for regex, each in found.items() if not isinstance(each, str)}

    def _asked(
        self, question: Mapping[str, object]
    ) -> Sequence[Mapping[str, Groups] | str] | None:
        """Ask the process; None when it does not answer, and it is ended then."""
        if self._process is None:
            self._process = subprocess.Popen(
                launch.python(str(_PROGRAM)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env={}, cwd="/",
            )  # fmt: skip
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            return None
        try:
            asked.write(f"{json.dumps(question)}\n")
            asked.flush()
            if select.select([answered], [], [], _ANSWER_SECONDS)[0] and (
                line := answered.readline()
            ):
                return list(json.loads(line))
        except (OSError, ValueError):
            pass
        self.close()
        return None

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class Listener:
    """What one step prints, and how it changes the matchers; `told` hears what they find."""

    def __init__(
        self, matching: Matching, workspace: str, told: Callable[[Annotation], object],
        complain: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._matching = matching
        self._workspace = workspace
        self._told = told
        self._complain = complain
        self._following: list[Following] = []
        self._events: list[str | Change] = []
        self._changing = False
        self._rest = b""

    def hear(self, data: bytes) -> None:
        if not self._changing and not self._matching.known:
            return
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        room = MOST_KEPT - len(self._events)
        self._events += [_plain(line) for line in lines[:room]]
        if not self._changing and len(self._events) >= _BATCH:
            self._settle()

    def change(self, change: Change) -> None:
        self._changing = True
        self._events.append(change)

    def end(self) -> None:
        """Match what is left; the box is free to read files now."""
        if self._rest:
            self._events.append(_plain(self._rest))
        self._settle()

    def _settle(self) -> None:
        lines: list[str] = []
        for event in self._events:
            if isinstance(event, str):
                lines.append(event)
                continue
            self._match(lines)
            lines = []
            try:
                self._matching.change(event)
            except InvalidInput as error:
                self._complain(error.detail)
        self._match(lines)
        self._events = []

    def _match(self, lines: Sequence[str]) -> None:
        for start in range(0, len(lines), _BATCH):
            part = lines[start : start + _BATCH]
            if self._matching.known:
                answers = self._matching.search(part, self._complain)
                self._follow(part, answers)

    def _follow(self, lines: Sequence[str], answers: _Answers) -> None:
        before = {id(each.matcher): each for each in self._following}
        self._following = [
            before.get(id(matcher)) or Following(matcher) for matcher in self._matching.known
        ]
        for number, line in enumerate(lines):
            self._one(line, _fits(answers, str(number)))

    def _one(self, line: str, fits: Fits) -> None:
        """Ask each matcher; the first that finds something ends what the others had begun."""
        for each in self._following:
            found = each.read(line, fits)
            if found is None:
                continue
            for other in self._following:
                if other is not each:
                    other.forget()
            if said := annotation(found, each.matcher, self._workspace):
                self._told(said)
                return


def _fits(answers: _Answers, number: str) -> Fits:
    return lambda regex, _: answers[regex].get(number)


def _plain(line: bytes) -> str:
    return _COLOURS.sub(b"", line[:_LONGEST_LINE]).decode("utf-8", "replace").rstrip("\r")
