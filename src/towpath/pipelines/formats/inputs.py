"""What a workflow asks of whoever starts or calls it: inputs, secrets; and what it gives back."""

from towpath.pipelines.formats.reading import Entry, Fields, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.expressions import templates
from towpath.pipelines.model.workflow import Input

_TYPES = {
    "on.workflow_call": ("string", "boolean", "number"),
    "on.workflow_dispatch": ("string", "boolean", "number", "choice", "environment"),
}
_KEYS = {
    "on.workflow_call": ("description", "type", "required", "default"),
    "on.workflow_dispatch": ("description", "type", "required", "default", "options"),
}
_FIELDS: Fields = {
    "description": ("description", lambda reader, node: reader.text(node, "description")),
    "required": ("required", lambda reader, node: reader.boolean(node, "required")),
    "options": ("options", lambda reader, node: reader.texts(node, "options")),
}


def read(reader: Reader, entry: Entry | None, event: str) -> dict[str, Input]:
    if entry is None or _nothing(entry.node):
        return {}
    entries = reader.mapping(entry.node, "inputs")
    return {name: _input(reader, found, event) for name, found in entries.items()}


def _input(reader: Reader, entry: Entry, event: str) -> Input:
    name = entry.key.text
    called = event == "on.workflow_call"
    if _nothing(entry.node) and not called:
        return Input()
    entries = reader.known(entry.node, f"input `{name}`", _KEYS[event])
    if called and isinstance(entry.node, Branch):
        reader.needed(entries, entry.key, f"Input `{name}`", "type")
    kind = entries.get("type")
    chosen = reader.choice(kind.node, "type", _TYPES[event]) if kind else "string"
    default = entries.get("default")
    return Input(
        type=chosen,
        default=_default(reader, default.node, chosen, called=called) if default else None,
        **reader.fields(entries, _FIELDS),
    )


def _default(reader: Reader, node: Node, kind: str, *, called: bool) -> str | bool | float | None:
    """Read a default, which a called workflow may write as a ${{ }}."""
    if not isinstance(node, Leaf):
        reader.text(node, "default")
        return None
    if called and templates.OPEN in node.text:
        return reader.template(node, "default", "on.workflow_call.inputs.*.default")
    if kind == "boolean":
        return reader.boolean(node, "default")
    if kind == "number":
        return reader.number(node, "default")
    return None if node.value is None else reader.text(node, "default")


def secrets(reader: Reader, entry: Entry | None) -> dict[str, bool]:
    """Read which secrets a called workflow knows, and whether it must be given them."""
    if entry is None or _nothing(entry.node):
        return {}
    entries = reader.mapping(entry.node, "secrets")
    return {name: _is_required(reader, found) for name, found in entries.items()}


def _is_required(reader: Reader, entry: Entry) -> bool:
    if _nothing(entry.node):
        return False
    what = f"secret `{entry.key.text}`"
    entries = reader.known(entry.node, what, ("description", "required"))
    return bool(reader.fields(entries, _FIELDS).get("required", False))


def outputs(reader: Reader, entry: Entry | None) -> dict[str, str]:
    if entry is None or _nothing(entry.node):
        return {}
    entries = reader.mapping(entry.node, "outputs")
    return {name: _output(reader, found) for name, found in entries.items()}


def _output(reader: Reader, entry: Entry) -> str:
    name = entry.key.text
    entries = reader.known(entry.node, f"output `{name}`", ("description", "value"))
    reader.needed(entries, entry.key, f"Output `{name}`", "value")
    value = entries.get("value")
    return (
        reader.template(value.node, "value", "on.workflow_call.outputs.*.value") if value else ""
    )


def _nothing(node: Node) -> bool:
    return isinstance(node, Leaf) and node.value is None
