"""Between a step's output and the log: commands are taken out and heeded, secrets hidden.

Output flows on as it comes, even in the middle of a line. Held back are only a line that may turn
out to be a command, and the last bytes that may begin a secret.
"""

from collections.abc import Callable

from towpath.pipelines.formats import commands
from towpath.pipelines.formats.commands import Command
from towpath.pipelines.formats.masking import Masks

LONGEST_COMMAND = 1 << 18
"""Bytes of a line not over yet after which it is output, whatever it began with."""


class Ear:
    """Listens to one step. `heed` carries a command out; what it returns goes to the log.

    `heard` is told what else goes there.
    """

    def __init__(
        self,
        out: Callable[[bytes], None],
        masks: Masks,
        heed: Callable[[Command], str],
        heard: Callable[[bytes], object] = len,
    ) -> None:
        self._out = out
        self._masks = masks
        self._heed = heed
        self._heard = heard
        self._held = b""
        self._within_line = False
        self._stopped = ""
        self._echo = False

    def write(self, data: bytes) -> None:
        whole, end, rest = (self._held + data).rpartition(b"\n")
        self._held = rest
        if end:
            self._lines(whole + end)
        if len(self._held) > LONGEST_COMMAND or not self._may_be_command(self._held):
            self._pass_on_part()

    def end(self) -> None:
        """Heed or show what was held back: nothing follows."""
        if self._held:
            self._lines(self._held)
            self._held = b""

    def _may_be_command(self, beginning: bytes) -> bool:
        return not self._within_line and commands.may_become(beginning)

    def _pass_on_part(self) -> None:
        keep = self._masks.open_end(self._held)
        cut = len(self._held) - keep
        part, self._held = self._held[:cut], self._held[cut:]
        if part:
            self._show(part)
            self._within_line = True

    def _lines(self, text: bytes) -> None:
        if self._within_line:
            first, end, text = text.partition(b"\n")
            self._show(first + end)
            self._within_line = False
        if not commands.may_hold(text):
            self._show(text)
            return
        for line in text.splitlines(keepends=True):
            self._line(line)

    def _line(self, line: bytes) -> None:
        command = commands.read(line.decode("utf-8", "replace"), self._stopped)
        if command is None or (self._stopped and command.name != self._stopped.lower()):
            self._show(line)
        elif self._stopped:
            self._stopped = ""
        else:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        if self._echo and command.name not in {"echo", "add-mask", "stop-commands"}:
            self._show(f"{command.line}\n".encode())
        if command.name == "echo":
            self._echo = command.value.lower() == "on"
        elif command.name == "stop-commands":
            self._stop(command.value)
        elif said := self._heed(command):
            self._show(f"{said}\n".encode())

    def _stop(self, word: str) -> None:
        """Heed no more until `::word::`; a word that is a command would never be meant as one."""
        if word and word.lower() not in commands.KNOWN:
            self._stopped = word
        else:
            refused = Command("error", f"`{word}` cannot be the word that resumes commands.")
            self._show(f"{self._heed(refused)}\n".encode())

    def _show(self, data: bytes) -> None:
        if data:
            hidden = self._masks.hide(data)
            self._out(hidden)
            self._heard(hidden)
