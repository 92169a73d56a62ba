"""What runs and jobs may do, and what may not run beside them: permissions, concurrency."""

from collections.abc import Mapping
from typing import Literal

from towpath.pipelines.formats.reading import Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.permissions import GRANTED, SCOPES
from towpath.pipelines.model.workflow import Concurrency, Permissions

_SHORT: Mapping[str, Literal["read", "write"]] = {"read-all": "read", "write-all": "write"}


def permissions(reader: Reader, node: Node, place: str) -> Permissions:
    """Read what a token may do; what may not be written yet is told."""
    read = _permissions(reader, node)
    wanted = {scope for scope, level in read.scopes.items() if level == "write"}
    if read.others == "write" or not wanted <= set(GRANTED):
        reader.unrun_key(node, place)
    return read


def _permissions(reader: Reader, node: Node) -> Permissions:
    if isinstance(node, Leaf):
        level = reader.choice(node, "permissions", _SHORT)
        return Permissions(others=_SHORT.get(level, "none"))
    entries = reader.known(node, "permissions", SCOPES)
    return Permissions(
        {name: reader.choice(entry.node, name, SCOPES[name]) for name, entry in entries.items()}
    )


def concurrency(reader: Reader, node: Node, place: str) -> Concurrency:
    """Read a group, written as text or as a mapping."""
    if not isinstance(node, Branch):
        return Concurrency(_group(reader, node, place))
    entries = reader.known(node, "concurrency", ("group", "cancel-in-progress", "queue"))
    reader.needed(entries, node, "`concurrency`", "group")
    group, cancel, queue = map(entries.get, ("group", "cancel-in-progress", "queue"))
    chosen = reader.choice(queue.node, "queue", ("single", "max")) if queue else "single"
    cancels = (
        reader.either(cancel.node, "cancel-in-progress", place, reader.boolean)
        if cancel
        else False
    )
    if cancel and cancels is True and chosen == "max":
        message = "With `queue: max` all wait: `cancel-in-progress` must be false."
        reader.problem(cancel.node, "cancel-in-progress", message)
    return Concurrency(
        _group(reader, group.node, place) if group else "",
        cancels,
        "max" if chosen == "max" else "single",
    )


def _group(reader: Reader, node: Node, place: str) -> str:
    return reader.template(node, "group", place) if reader.filled(node, "concurrency") else ""
