"""An action.yml: what an action wants, gives and does.

https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax
"""

import re
from typing import Any

from towpath.pipelines.formats import steps, tree
from towpath.pipelines.formats.reading import Entry, Reader
from towpath.pipelines.formats.tree import Branch, Node
from towpath.pipelines.model.action import Action
from towpath.pipelines.model.workflow import InvalidWorkflow, Problem, Step

_KEYS = ("name", "author", "description", "inputs", "outputs", "runs", "branding")
_INPUT = ("description", "required", "default", "deprecationMessage", "type")
_COMPOSITE = ("using", "steps")
_NODE = ("using", "main", "pre", "pre-if", "post", "post-if")
_PROGRAMS = ("main", "pre", "post")
_NODES = re.compile(r"node\d\d")
_PLACE = "jobs.*.steps.*.with"


def parse(source: bytes, file: str) -> Action:
    """Read one file; InvalidWorkflow lists all that is wrong, or that is not run yet."""
    root = tree.read(source, file)
    if isinstance(root, Problem):
        raise InvalidWorkflow((root,))
    reader = Reader(file)
    action = _action(reader, root)
    # An action has inputs, whatever a workflow has.
    unrun = [problem for problem in reader.unrun if problem.key != "inputs"]
    if found := {*reader.problems, *unrun}:
        raise InvalidWorkflow(tuple(sorted(found, key=lambda each: (each.line, each.column))))
    return action


def _action(reader: Reader, root: Node) -> Action:
    entries = reader.known(root, "the action", _KEYS)
    if isinstance(root, Branch):
        reader.needed(entries, root, "The action", "runs")
    if "runs" not in entries:
        return Action()
    name, outputs = entries.get("name"), entries.get("outputs")
    given = reader.mapping(entries["inputs"].node, "inputs") if "inputs" in entries else {}
    inputs = {key: _input(reader, entry) for key, entry in given.items()}
    runs = _runs(reader, entries["runs"].node)
    return Action(
        name=reader.text(name.node, "name") if name else "",
        inputs={key: default for key, (default, _) in inputs.items()},
        required=tuple(key for key, (_, required) in inputs.items() if required),
        outputs=_outputs(reader, outputs) if outputs and "steps" in runs else {},
        **runs,
    )


def _input(reader: Reader, entry: Entry) -> tuple[str, bool]:
    inside = reader.known(entry.node, f"input `{entry.key.text}`", _INPUT)
    default, required = inside.get("default"), inside.get("required")
    return (
        reader.template(default.node, "default", _PLACE) if default else "",
        reader.text(required.node, "required").lower() == "true" if required else False,
    )


def _outputs(reader: Reader, entry: Entry) -> dict[str, str]:
    found = {}
    for name, each in reader.mapping(entry.node, "outputs").items():
        inside = reader.known(each.node, f"output `{name}`", ("description", "value"))
        if "value" in inside:
            found[name] = reader.template(inside["value"].node, "value", _PLACE)
    return found


def _runs(reader: Reader, node: Node) -> dict[str, Any]:
    raw = reader.mapping(node, "runs")
    using = reader.text(raw["using"].node, "using") if "using" in raw else ""
    if using == "composite":
        entries = reader.known(node, "runs", _COMPOSITE)
        reader.needed(entries, node, "`runs`", "steps")
        return {"steps": _steps(reader, entries["steps"].node) if "steps" in entries else ()}
    if _NODES.fullmatch(using):
        return _program(reader, node)
    if using == "docker":
        reader.later(raw["using"].node, "using: docker", "no containers are run")
    elif isinstance(node, Branch):
        message = f"`using` cannot be `{using}`."
        reader.problem(node, "using", message, ("composite", "node20", "node24"))
    return {}


def _program(reader: Reader, node: Node) -> dict[str, Any]:
    entries = reader.known(node, "runs", _NODE)
    reader.needed(entries, node, "`runs`", "main")
    found: dict[str, Any] = {
        key: reader.filled(entries[key].node, key) for key in _PROGRAMS if key in entries
    }
    for key, name in (("pre-if", "pre_condition"), ("post-if", "post_condition")):
        if key in entries:
            found[name] = reader.condition(entries[key].node, key, "jobs.*.steps.*.if")
    return found


def _steps(reader: Reader, node: Node) -> tuple[Step, ...]:
    found = steps.read(reader, node)
    for step in found:
        if step.run is not None and not step.shell:
            told = "A step with `run` of an action needs `shell`."
            reader.problems.append(Problem(reader.file, step.line, 1, "shell", told))
    return found
