"""One value at a time, collecting every problem instead of stopping at the first."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from towpath.pipelines.formats import places, unrun
from towpath.pipelines.formats.tree import Branch, Leaf, Node, Scalar
from towpath.pipelines.model.expressions import syntax, templates
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.untrusted import written_by_strangers as strangers
from towpath.pipelines.model.workflow import DEFAULT_TIMEOUT_MINUTES, Problem

T = TypeVar("T")

MAX_TEXT = 65_536
"""Characters of one value, a script included."""
MAX_MINUTES = 43_200
"""30 days."""


_UNRUN = re.compile("|".join(unrun.NAMES) or "(?!)", re.IGNORECASE)
_VERSION = re.compile(r"[0-9]+\.[0-9]*0")


def _as_text(value: Scalar) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower() if value is not None else ""
    if isinstance(value, str):
        return value
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN" if math.isnan(value) else f"{value:.15g}".replace("e", "E")


@dataclass(frozen=True)
class Entry:
    """One `key: value` of a mapping."""

    key: Leaf
    node: Node


@dataclass
class Reader:
    """Reads values of one file; every `problem` is kept, and a sound default is returned."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    unrun: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    dangers: list[Problem] = field(default_factory=list)

    def problem(self, node: Node, key: str, message: str, expected: Iterable[str] = ()) -> None:
        self.problems.append(
            Problem(self.file, node.line, node.column, key, message, tuple(expected))
        )

    def later(self, node: Node, key: str, why: str) -> None:
        """Note what is understood, but not run yet."""
        message = f"`{key}` is not run yet: {why}."
        self.unrun.append(Problem(self.file, node.line, node.column, key, message))

    def taken(self, before: int) -> tuple[Problem, ...]:
        """Take out what is not run that was noted after so many others."""
        found = tuple(self.unrun[before:])
        del self.unrun[before:]
        return found

    def unrun_key(self, node: Node, place: str) -> None:
        if place in unrun.KEYS:
            self.later(node, place.rpartition(".")[2], unrun.KEYS[place])

    def unrun_keys(self, entries: Mapping[str, Entry], place: str) -> None:
        """Note which keys of a mapping are not run, but for those that judge it themselves."""
        for name, entry in entries.items():
            if name != "permissions":
                self.unrun_key(entry.key, f"{place}{name}")

    def warning(self, node: Node, key: str, message: str) -> None:
        self.warnings.append(Problem(self.file, node.line, node.column, key, message))

    def mapping(self, node: Node, what: str) -> dict[str, Entry]:
        if isinstance(node, Branch) and node.mapping:
            return {key.text: Entry(key, value) for key, value in node.entries}
        self.problem(node, what, f"`{what}` must be a mapping of keys to values.")
        return {}

    def known(self, node: Node, what: str, keys: Iterable[str]) -> dict[str, Entry]:
        """Read a mapping of which all keys are known."""
        entries = self.mapping(node, what)
        for name in [name for name in entries if name not in keys]:
            self._unknown(entries.pop(name).key, what, tuple(keys))
        return entries

    def needed(self, entries: Mapping[str, Entry], at: Node, what: str, *keys: str) -> None:
        """Complain of each key that is not there though it must be; `at` is where it would be."""
        for key in keys:
            if key not in entries:
                self.problem(at, key, f"{what} needs the key `{key}`.", keys)

    def _unknown(self, key: Leaf, what: str, keys: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(key.text, keys, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        self.problem(key, key.text, f"Unknown key `{key.text}` in {what}.{hint}", sorted(keys))

    def items(self, node: Node, what: str) -> list[Node]:
        if isinstance(node, Branch) and not node.mapping:
            return node.children
        self.problem(node, what, f"`{what}` must be a list.")
        return []

    def text(self, node: Node, what: str) -> str:
        """Read text, or what a number or a boolean comes to as text on GitHub."""
        if isinstance(node, Branch):
            self.problem(node, what, f"`{what}` must be text.")
            return ""
        if len(node.text) > MAX_TEXT or "\0" in node.text:
            self.problem(node, what, f"`{what}` is too long, or holds a NUL character.")
            return ""
        text = _as_text(node.value)
        if text != node.text and _VERSION.fullmatch(node.text):
            message = f"`{node.text}` is a number, and as text it is `{text}`: put it in quotes."
            self.warning(node, what, message)
        return text

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Read one text or a list of them."""
        if isinstance(node, Leaf):
            return (self.text(node, what),) if node.value is not None else ()
        return tuple(self.text(item, what) for item in self.items(node, what))

    def boolean(self, node: Node, what: str) -> bool:
        if isinstance(node, Leaf) and isinstance(node.value, bool):
            return node.value
        self.problem(node, what, f"`{what}` must be a boolean.", ("true", "false"))
        return False

    def minutes(self, node: Node, what: str = "timeout-minutes") -> float:
        value = node.value if isinstance(node, Leaf) else None
        if isinstance(value, int | float) and value is not True and 0 < value <= MAX_MINUTES:
            return float(value)
        self.problem(node, what, f"`{what}` must be a number above 0 and at most {MAX_MINUTES}.")
        return DEFAULT_TIMEOUT_MINUTES

    def number(self, node: Node, what: str) -> float:
        value = node.value if isinstance(node, Leaf) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self.problem(node, what, f"`{what}` must be a number.")
        return 0.0

    def whole(self, node: Node, what: str) -> int:
        text = self.text(node, what)
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - fits an int32
            return int(text)
        self.problem(node, what, f"`{what}` must be a whole number, 0 or above.")
        return 0

    def filled(self, node: Node, what: str) -> str:
        """Read text that may not be empty."""
        text = self.text(node, what)
        if not text and isinstance(node, Leaf):
            self.problem(node, what, f"`{what}` may not be empty.")
        return text

    def choice(self, node: Node, what: str, allowed: Iterable[str]) -> str:
        text = self.text(node, what)
        if text not in allowed:
            self.problem(node, what, f"`{what}` cannot be `{text}`.", allowed)
        return text

    def plain(self, node: Node, what: str) -> str:
        """Read text where no ${{ }} may stand."""
        text = self.text(node, what)
        if templates.OPEN in text:
            self.problem(node, what, f"`{what}` must be plain text, without ${{{{ }}}}.")
        return text

    def template(self, node: Node, what: str, place: str) -> str:
        """Read text whose ${{ }} are sound and name only what may be named at `place`."""
        text = self.text(node, what)
        if templates.OPEN in text:
            self._checked(node, what, place, _trees)
        return text

    def templates(self, node: Node, what: str, place: str) -> tuple[str, ...]:
        if isinstance(node, Leaf):
            return (self.template(node, what, place),) if node.value is not None else ()
        return tuple(self.template(item, what, place) for item in self.items(node, what))

    def scalar(self, node: Node, what: str, place: str) -> str | bool | float:
        """Read text with its ${{ }}, or a boolean or number as such."""
        value = node.value if isinstance(node, Leaf) else None
        if isinstance(value, bool | int | float):
            return value
        return self.template(node, what, place)

    def data(self, node: Node, what: str, place: str) -> Any:
        """Read whatever stands there, as deep as it goes."""
        if isinstance(node, Leaf):
            return self.template(node, what, place) if isinstance(node.value, str) else node.value
        if not node.mapping:
            return [self.data(item, what, place) for item in node.children]
        return {key.text: self.data(value, what, place) for key, value in node.entries}

    def condition(self, node: Node, what: str, place: str) -> str:
        self._checked(node, what, place, _condition)
        return self.text(node, what)

    def script(self, node: Node, what: str, place: str) -> str:
        """Read text that becomes a program: strangers must not write into it."""
        text = self.text(node, what)
        if templates.OPEN in text:
            trees = self._checked(node, what, place, _trees)
            for path in dict.fromkeys(name for tree in trees for name in strangers(tree)):
                message = (
                    f"`{path}` is written by strangers and would become part of this script. "
                    f'Pass it by `env:` of the step, and write "$NAME" here.'
                )
                self.dangers.append(Problem(self.file, node.line, node.column, what, message))
        return text

    def either(
        self, node: Node, what: str, place: str, plain: Callable[[Node, str], T]
    ) -> T | str:
        """Read a plain value, or one ${{ }} that will give it."""
        if not isinstance(node, Leaf) or templates.OPEN not in node.text:
            return plain(node, what)
        text = self.template(node, what, place).strip()
        if not templates.is_whole(text):
            self.problem(node, what, f"`{what}` must be one ${{{{ }}}}, or a plain value.")
        return text

    def fields(self, entries: Mapping[str, Entry], table: "Fields") -> dict[str, Any]:
        """Read what is there of `table`: by key of the file, the model's field and its reader."""
        return {
            field: read(self, entries[key].node)
            for key, (field, read) in table.items()
            if key in entries
        }

    def _checked(
        self,
        node: Node,
        what: str,
        place: str,
        parse: Callable[[str, syntax.Scope], list[syntax.Node]],
    ) -> list[syntax.Node]:
        """Parse what stands at a place, and note what it names that nobody gives yet."""
        text, scope = self.text(node, what), places.scope_of(place)
        try:
            trees = parse(text, scope)
        except ExpressionError as error:
            expected = sorted(scope.names) if "named-value" in str(error) else ()
            self.problem(node, what, f"{error}", expected)
            return []
        if _UNRUN.search(text):
            self._unrun_names(node, trees)
        return trees

    def _unrun_names(self, node: Node, trees: Iterable[syntax.Node]) -> None:
        for tree in trees:
            for name in sorted(syntax.names(tree) & unrun.NAMES.keys()):
                self.later(node, name, unrun.NAMES[name])

    def environment(self, node: Node, what: str, place: str) -> dict[str, str]:
        found = {}
        for name, entry in self.mapping(node, what).items():
            if not name or "=" in name or "\0" in name or templates.OPEN in name:
                message = "A variable's name may not be empty, nor hold `=` or `${{`."
                self.problem(entry.key, name, message)
            found[name] = self.template(entry.node, f"{what}.{name}", place)
        return found


def _trees(text: str, scope: syntax.Scope) -> list[syntax.Node]:
    return templates.parse(text, scope).trees


def _condition(text: str, scope: syntax.Scope) -> list[syntax.Node]:
    return [templates.parse_condition(text, scope)]


Fields = Mapping[str, tuple[str, Callable[[Reader, Node], Any]]]
