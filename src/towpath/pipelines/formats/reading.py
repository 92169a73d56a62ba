"""One value at a time, collecting every problem instead of stopping at the first."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import DEFAULT_TIMEOUT_MINUTES, Problem

MAX_TEXT = 65_536
"""Characters of one value, a script included."""
MAX_MINUTES = 43_200
"""30 days."""


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

    def problem(self, node: Node, key: str, message: str, expected: Iterable[str] = ()) -> None:
        self.problems.append(
            Problem(self.file, node.line, node.column, key, message, tuple(expected))
        )

    def mapping(self, node: Node, what: str) -> dict[str, Entry]:
        if isinstance(node, Branch) and node.mapping:
            return {key.text: Entry(key, value) for key, value in node.entries}
        self.problem(node, what, f"`{what}` must be a mapping of keys to values.")
        return {}

    def known(
        self, node: Node, what: str, keys: Iterable[str], refused: Mapping[str, str]
    ) -> dict[str, Entry]:
        """Read a mapping of which all keys are known; those in `refused` are told why not."""
        entries = self.mapping(node, what)
        for name in [name for name in entries if name not in keys]:
            self._unknown(entries.pop(name).key, what, tuple(keys), refused)
        return entries

    def _unknown(
        self, key: Leaf, what: str, keys: tuple[str, ...], refused: Mapping[str, str]
    ) -> None:
        if key.text in refused:
            message = f"`{key.text}` in {what} is not supported: {refused[key.text]}."
            self.problem(key, key.text, message)
            return
        near = difflib.get_close_matches(key.text, keys, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        self.problem(key, key.text, f"Unknown key `{key.text}` in {what}.{hint}", sorted(keys))

    def items(self, node: Node, what: str) -> list[Node]:
        if isinstance(node, Branch) and not node.mapping:
            return node.children
        self.problem(node, what, f"`{what}` must be a list.")
        return []

    def text(self, node: Node, what: str) -> str:
        if isinstance(node, Branch):
            self.problem(node, what, f"`{what}` must be text.")
            return ""
        if len(node.text) > MAX_TEXT or "\0" in node.text:
            self.problem(node, what, f"`{what}` is too long, or holds a NUL character.")
            return ""
        return "" if node.value is None else node.text

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

    def whole(self, node: Node, what: str) -> int:
        text = self.text(node, what)
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - fits an int32
            return int(text)
        self.problem(node, what, f"`{what}` must be a whole number, 0 or above.")
        return 0

    def template(self, node: Node, what: str, scope: syntax.Scope) -> str:
        """Read text whose ${{ }} are sound and name only what `scope` knows."""
        text = self.text(node, what)
        self._checked(node, what, scope, lambda: templates.parse(text, scope))
        return text

    def condition(self, node: Node, what: str, names: Iterable[str]) -> str:
        text = self.text(node, what)
        scope = syntax.Scope(frozenset(names), functions.WITH_STATUS)
        self._checked(node, what, scope, lambda: templates.parse_condition(text, scope))
        return text

    def fields(self, entries: Mapping[str, Entry], table: "Fields") -> dict[str, Any]:
        """Read what is there of `table`: by key of the file, the model's field and its reader."""
        return {
            field: read(self, entries[key].node)
            for key, (field, read) in table.items()
            if key in entries
        }

    def _checked(
        self, node: Node, what: str, scope: syntax.Scope, parse: Callable[[], object]
    ) -> None:
        try:
            parse()
        except ExpressionError as error:
            expected = sorted(scope.names) if "named-value" in str(error) else ()
            self.problem(node, what, f"{error}", expected)

    def environment(self, node: Node, what: str, scope: syntax.Scope) -> dict[str, str]:
        found = {}
        for name, entry in self.mapping(node, what).items():
            if not name or "=" in name or "\0" in name:
                self.problem(entry.key, name, "A variable's name may not be empty or hold `=`.")
            found[name] = self.template(entry.node, f"{what}.{name}", scope)
        return found


Fields = Mapping[str, tuple[str, Callable[[Reader, Node], Any]]]


def scope(*names: str) -> syntax.Scope:
    """What an expression may name where only these contexts exist."""
    return syntax.Scope(frozenset(names), functions.PLAIN)
