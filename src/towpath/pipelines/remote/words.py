"""What one step says to those after it and to people: by lines of its output, and by files.

Nothing a step says is believed: names are checked, sizes bounded, secrets hidden.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from towpath.kernel.errors import TooLarge
from towpath.pipelines.formats import exchanged
from towpath.pipelines.formats.commands import Command
from towpath.pipelines.formats.masking import Masks
from towpath.pipelines.model.execution import MAX_SUMMARIES, Annotation
from towpath.pipelines.remote.matching import Change
from towpath.pipelines.remote.session import Box

Level = Literal["error", "warning", "notice"]
FILES = {
    "GITHUB_OUTPUT": "output",
    "GITHUB_ENV": "env",
    "GITHUB_PATH": "path",
    "GITHUB_STATE": "state",
    "GITHUB_STEP_SUMMARY": "summary",
}
MOST_OF_A_LEVEL = 10
"""Annotations of one level that one step may leave, as on GitHub; the log has them all."""
_LONGEST_MESSAGE = 4096
_LOOKS = {"error": "\x1b[31mError: ", "warning": "\x1b[33mWarning: ", "notice": "\x1b[36mNotice: "}
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_REFUSED_VARIABLES = frozenset({"NODE_OPTIONS"})
_UNSAFE = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
_FROM_FILE = {"set-env": "GITHUB_ENV", "add-path": "GITHUB_PATH"}


class Words:
    """Collects what one step says; `failed` says why it must fail although its command did not.

    `unsafe` lets output set variables and PATH, which GitHub forbade: whatever a step prints
    could then run code in the next.
    """

    def __init__(self, box: Box, name: str, masks: Masks, *, debug: bool, unsafe: bool) -> None:
        self._box = box
        self._name = name
        self._masks = masks
        self._debug = debug
        self._unsafe = unsafe
        self.outputs: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.paths: list[str] = []
        self.state: dict[str, str] = {}
        self.changes: Callable[[Change], object] = lambda _: None
        self.annotations: list[Annotation] = []
        self.summary = ""
        self.failed = ""

    def files(self) -> dict[str, str]:
        """Make the files; by variable, their paths as the step sees them."""
        return {
            variable: self._box.put(f"{file}-{self._name}") for variable, file in FILES.items()
        }

    def heed(self, command: Command) -> str:
        """Carry a command out; what it returns is for the log."""
        match command.name:
            case "error" | "warning" | "notice" as level:
                return self.annotate(_annotation(level, command, f"{self._box.workspace}/"))
            case "add-mask" if not self._masks.add(command.value):
                return self._refused(command, "has nothing to hide")
            case "set-output" | "save-state":
                return self._named(command)
            case "set-env" | "add-path":
                return self._unsafely(command)
            case "add-matcher":
                self.changes(Change(path=command.value))
            case "remove-matcher":
                owner = command.properties.get("owner", "")
                self.changes(Change(command.value, owner, removes=True))
        return self._look(command)

    def _look(self, command: Command) -> str:
        if command.name == "group":
            return f"{_BOLD}▾ {command.value}{_PLAIN}"
        if command.name == "debug" and self._debug:
            return f"{_DIM}Debug: {command.value}{_PLAIN}"
        return ""

    def gather(self, room: int = MAX_SUMMARIES) -> list[str]:
        """Take over what stands in the files; returns lines for the log.

        Unreadable when a file makes no sense; `room` is how many bytes of summary may be kept.
        """
        self.outputs |= exchanged.assignments(self._file("GITHUB_OUTPUT"))
        self.state |= exchanged.assignments(self._file("GITHUB_STATE"))
        self.paths += exchanged.paths(self._file("GITHUB_PATH"))
        said = [
            self._set(name, value)
            for name, value in exchanged.assignments(self._file("GITHUB_ENV")).items()
        ]
        try:
            self.summary = self._masks.text(self._file("GITHUB_STEP_SUMMARY", room))
        except TooLarge:
            told = f"The summary is not kept: a job's summaries may have {MAX_SUMMARIES} bytes."
            said.append(self.annotate(Annotation(level="error", message=told)))
        return [line for line in said if line]

    def annotate(self, said: Annotation) -> str:
        """Keep an annotation; the line that shows it in the log."""
        if sum(each.level == said.level for each in self.annotations) < MOST_OF_A_LEVEL:
            self.annotations.append(said)
        return f"{_LOOKS[said.level]}{said}{_PLAIN}"

    def warn(self, message: str) -> None:
        self.annotate(Annotation(level="warning", message=message))

    def hidden(self) -> tuple[Annotation, ...]:
        """Give the annotations without the secrets in them."""
        text = self._masks.text
        return tuple(
            Annotation(
                level=each.level, message=text(each.message)[:_LONGEST_MESSAGE],
                title=text(each.title)[:255], file=text(each.file)[:1024], line=each.line,
                end_line=each.end_line, column=each.column, end_column=each.end_column,
            )
            for each in self.annotations
        )  # fmt: skip

    def _named(self, command: Command) -> str:
        name = command.properties.get("name", "")
        if not name:
            return self._refused(command, "needs a name: ::" + command.name + " name=…::value")
        kept = self.outputs if command.name == "set-output" else self.state
        kept[name] = command.value.replace("\0", "")
        return ""

    def _unsafely(self, command: Command) -> str:
        if not self._unsafe:
            instead = f"is disabled. Write to the file ${_FROM_FILE[command.name]}"
            self.failed = f"The command `{command.name}` {instead}."
            return self._refused(command, instead)
        if command.name == "add-path":
            self.paths.append(command.value)
            return ""
        return self._set(command.properties.get("name", ""), command.value.replace("\0", ""))

    def _set(self, name: str, value: str) -> str:
        if name.upper() in _REFUSED_VARIABLES or not name or "=" in name:
            told = f"A step may not set the variable `{name}` for those after it."
            return self.annotate(Annotation(level="error", message=told))
        self.env[name] = value
        return ""

    def _refused(self, command: Command, why: str) -> str:
        level: Level = "error" if self.failed else "warning"
        return self.annotate(
            Annotation(level=level, message=f"The command `{command.name}` {why}.")
        )

    def _file(self, variable: str, limit: int = MAX_SUMMARIES) -> str:
        taken = self._box.take(f"{FILES[variable]}-{self._name}", limit)
        return taken.decode("utf-8", "replace").replace("\0", "")


def allows_unsafe(env: Mapping[str, str]) -> bool:
    return env.get(_UNSAFE, "").lower() == "true"


def _annotation(level: Level, command: Command, workspace: str) -> Annotation:
    given = command.properties
    return Annotation(
        level=level,
        message=command.value,
        title=given.get("title", ""),
        file=given.get("file", "").removeprefix(workspace).removeprefix("./"),
        line=_number(given.get("line", "")),
        end_line=_number(given.get("endLine", "")),
        column=_number(given.get("col", "")),
        end_column=_number(given.get("endColumn", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - fits an int32
