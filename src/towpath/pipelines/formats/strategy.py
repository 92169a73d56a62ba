"""The `strategy` of a job: its matrix, and how its variants run together."""

from typing import Any

from towpath.pipelines.formats.reading import Entry, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.expressions import templates
from towpath.pipelines.model.workflow import Strategy

PLACE = "jobs.*.strategy"
_FILTERS = ("include", "exclude")


def read(reader: Reader, node: Node) -> Strategy:
    entries = reader.known(node, "strategy", ("matrix", "fail-fast", "max-parallel"))
    matrix, fast, most = map(entries.get, ("matrix", "fail-fast", "max-parallel"))
    return Strategy(
        matrix=_matrix(reader, matrix.node) if matrix else None,
        fail_fast=reader.either(fast.node, "fail-fast", PLACE, reader.boolean) if fast else True,
        max_parallel=_most(reader, most.node) if most else None,
    )


def _most(reader: Reader, node: Node) -> float | str:
    value = reader.either(node, "max-parallel", PLACE, reader.number)
    if isinstance(value, float) and (value < 1 or not value.is_integer()):
        message = "`max-parallel` must be a whole number, 1 or above."
        reader.problem(node, "max-parallel", message)
    return value


def _matrix(reader: Reader, node: Node) -> dict[str, Any] | str:
    if isinstance(node, Leaf):
        return _expression(reader, node, "matrix")
    entries = reader.mapping(node, "matrix")
    if not entries and isinstance(node, Branch):
        reader.problem(node, "matrix", "`matrix` needs at least one list of values.")
    return {name: _vector(reader, name, entry) for name, entry in entries.items()}


def _vector(reader: Reader, name: str, entry: Entry) -> Any:
    if templates.OPEN in name:
        reader.problem(entry.key, name, "A name in a matrix must be plain text.")
    if isinstance(entry.node, Leaf):
        return _expression(reader, entry.node, name)
    items = reader.items(entry.node, name)
    if not items and name not in _FILTERS:
        reader.problem(entry.node, name, f"`{name}` in `matrix` holds no values.")
    if name in _FILTERS:
        items = [item for item in items if _is_filter(reader, item, name)]
    return [reader.data(item, name, PLACE) for item in items]


def _is_filter(reader: Reader, node: Node, name: str) -> bool:
    if isinstance(node, Branch) and node.mapping:
        return True
    if isinstance(node, Leaf) and templates.is_whole(node.text.strip()):
        return True
    reader.problem(node, name, f"Each item of `{name}` must be a mapping of keys to values.")
    return False


def _expression(reader: Reader, node: Leaf, what: str) -> str:
    text = reader.template(node, what, PLACE).strip()
    if not templates.is_whole(text):
        reader.problem(node, what, f"`{what}` must be a list of values, or one ${{{{ }}}}.")
    return text
