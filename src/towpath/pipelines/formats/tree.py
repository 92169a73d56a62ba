"""YAML to nodes that know their line, in one pass over the parser's events.

Nothing here recurses and nothing is built twice, so that a hostile file can cost no more than
its own size; aliases are counted by what they expand to. Plain words follow YAML 1.2's core
schema, in which `on` and `yes` are text. https://yaml.org/spec/1.2.2/#103-core-schema
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from towpath.pipelines.model.workflow import Problem

MAX_BYTES = 512 * 1024
MAX_DEPTH = 50
MAX_NODES = 50_000
"""Nodes after aliases are expanded."""

Scalar = None | bool | int | float | str

_CORE = "tag:yaml.org,2002:"
_KINDS: dict[str, tuple[type, ...]] = {
    f"{_CORE}null": (type(None),),
    f"{_CORE}bool": (bool,),
    f"{_CORE}int": (int,),
    f"{_CORE}float": (int, float),
}

_NUMBERS_BEGIN = frozenset("-+.0123456789")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_OTHER_INT = ((re.compile(r"0x[0-9a-fA-F]{1,15}"), 16), (re.compile(r"0o[0-7]{1,20}"), 8))
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


class Leaf(NamedTuple):
    """A scalar: `text` as written, `value` as the schema reads it."""

    line: int
    column: int
    text: str
    value: Scalar
    size: int = 1


@dataclass
class Branch:
    """A sequence (`children`) or, with `mapping`, a mapping (`entries`, in file order)."""

    line: int
    column: int
    mapping: bool
    anchor: str | None = None
    children: "list[Node]" = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    size: int = 1

    @property
    def entries(self) -> "list[tuple[Leaf, Node]]":
        pairs = zip(self.children[::2], self.children[1::2], strict=True)
        return [(key, node) for key, node in pairs if isinstance(key, Leaf)]


Node = Leaf | Branch


class Refused(Exception):
    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def read(source: bytes, file: str) -> Node | Problem:
    """Read one document; a Problem says where the text stops making sense."""
    try:
        return _Builder().document(_text(source))
    except Refused as refused:
        return Problem(file, refused.line, refused.column, "", str(refused))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(file, line, column, "", f"This is not YAML: {error.problem}.")
    except yaml.YAMLError as error:
        return Problem(file, 1, 1, "", f"This is not YAML: {str(error).splitlines()[0]}.")


def _text(source: bytes) -> str:
    if len(source) > MAX_BYTES:
        raise Refused(1, 1, f"The file has {len(source)} bytes; at most {MAX_BYTES} are read.")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Refused(line, 1, "The file is not UTF-8 text.") from error


class _Builder:
    def __init__(self) -> None:
        self._open: list[Branch] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._nodes = 0
        self._documents = 0

    def document(self, text: str) -> Node:
        loader = yaml.CSafeLoader(text)
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            if act := _ACTS.get(type(event)):
                act(self, event)
        return self._root or Leaf(1, 1, "", None)

    def scalar(self, event: Any) -> None:
        self._add(self._leaf(event), event.anchor, cost=1)

    def alias(self, event: Any) -> None:
        node = self._aliased(event)
        self._add(node, None, cost=node.size)

    def begin(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise Refused(
                *_at(event), "A workflow file holds one document; `---` begins a second."
            )

    def _leaf(self, event: Any) -> Leaf:
        plain = event.implicit[0] and event.tag is None
        value = _resolved(event.value) if plain else _tagged(event)
        return Leaf(*_at(event), event.value, value)

    def _aliased(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise Refused(*_at(event), f"No anchor &{event.anchor} stands before this alias.")
        return self._anchors[event.anchor]

    def descend(self, event: Any) -> None:
        _refuse_tag(event)
        if len(self._open) >= MAX_DEPTH:
            raise Refused(*_at(event), f"Nested deeper than {MAX_DEPTH} levels.")
        branch = Branch(*_at(event), isinstance(event, yaml.MappingStartEvent), event.anchor)
        self._open.append(branch)

    def ascend(self, _: Any) -> None:
        branch = self._open.pop()
        self._add(branch, branch.anchor, cost=1)

    def _add(self, node: Node, anchor: str | None, cost: int) -> None:
        self._nodes += cost
        if self._nodes > MAX_NODES:
            raise Refused(
                node.line, node.column, f"More than {MAX_NODES} values, aliases counted."
            )
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.mapping and len(parent.children) % 2 == 0:
            _check_key(parent, node)
        parent.children.append(node)
        parent.size += node.size


_ACTS: Mapping[type, Callable[[_Builder, Any], None]] = {
    yaml.DocumentStartEvent: _Builder.begin,
    yaml.ScalarEvent: _Builder.scalar,
    yaml.AliasEvent: _Builder.alias,
    yaml.SequenceStartEvent: _Builder.descend,
    yaml.MappingStartEvent: _Builder.descend,
    yaml.SequenceEndEvent: _Builder.ascend,
    yaml.MappingEndEvent: _Builder.ascend,
}


def _check_key(parent: Branch, node: Node) -> None:
    if isinstance(node, Branch):
        raise Refused(node.line, node.column, "A key must be plain text.")
    if node.text in parent.keys:
        raise Refused(node.line, node.column, f"The key `{node.text}` stands here twice.")
    parent.keys.add(node.text)


def _refuse_tag(event: Any) -> None:
    whole = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
    if event.tag not in {None, "!", f"{_CORE}{whole}"}:
        raise Refused(*_at(event), f"The tag `{event.tag}` is not supported: write plain YAML.")


def _tagged(event: Any) -> Scalar:
    """Read a scalar as its tag says; one in quotes, or with `!` alone, is text."""
    if event.tag in {None, "!", f"{_CORE}str"}:
        return str(event.value)
    kinds = _KINDS.get(event.tag)
    if kinds is None:
        raise Refused(*_at(event), f"The tag `{event.tag}` is not supported: write plain YAML.")
    value = _resolved(event.value)
    if event.style or not isinstance(value, kinds) or _is_odd(value, kinds):
        raise Refused(*_at(event), f"`{event.value}` is not what its tag `{event.tag}` says.")
    return value


def _is_odd(value: Scalar, kinds: tuple[type, ...]) -> bool:
    """Whether Python alone takes a boolean for a number."""
    return isinstance(value, bool) and bool not in kinds


def _at(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _resolved(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBERS_BEGIN:
        return text
    if _INT.fullmatch(text):
        return int(text)
    for pattern, base in _OTHER_INT:
        if pattern.fullmatch(text):
            return int(text[2:], base)
    return float(text) if _FLOAT.fullmatch(text) else text
