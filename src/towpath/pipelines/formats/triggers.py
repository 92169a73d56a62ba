"""The `on` key: which events start a workflow."""

from towpath.pipelines.formats.reading import Entry, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model import globs
from towpath.pipelines.model.workflow import Filter, Trigger

EVENTS = ("merge_group", "pull_request", "push", "workflow_dispatch")
_FILTERS = ("branches", "branches-ignore", "paths", "paths-ignore")
_FILTERS_OF = {
    "push": _FILTERS,
    "pull_request": _FILTERS,
    "merge_group": ("branches", "branches-ignore"),
    "workflow_dispatch": (),
}
_REFUSED_FILTERS = {
    "tags": "pushes of tags start nothing yet",
    "tags-ignore": "pushes of tags start nothing yet",
    "types": "every change of a merge request's head starts a run",
    "inputs": "a run is started without inputs",
}
_REFUSED_EVENTS = dict.fromkeys(
    (
        "branch_protection_rule", "check_run", "check_suite", "create", "delete", "deployment",
        "deployment_status", "discussion", "discussion_comment", "fork", "gollum",
        "issue_comment", "issues", "label", "milestone", "page_build", "public",
        "pull_request_review", "pull_request_review_comment", "pull_request_target",
        "registry_package", "release", "repository_dispatch", "schedule", "status", "watch",
        "workflow_call", "workflow_run",
    ),
    "no such event happens here",
)  # fmt: skip


def read(reader: Reader, node: Node) -> tuple[Trigger, ...]:
    """Read `on`, written as one name, a list of names or a mapping."""
    if isinstance(node, Branch) and node.mapping:
        entries = reader.known(node, "on", EVENTS, _REFUSED_EVENTS)
        return tuple(_trigger(reader, name, entry) for name, entry in entries.items())
    leaves = [node] if isinstance(node, Leaf) else reader.items(node, "on")
    return tuple(Trigger(name) for leaf in leaves if (name := _event(reader, leaf)))


def _event(reader: Reader, node: Node) -> str | None:
    name = reader.text(node, "on")
    if name in EVENTS:
        return name
    why = (
        f" is not supported: {_REFUSED_EVENTS[name]}." if name in _REFUSED_EVENTS else " is none."
    )
    reader.problem(node, "on", f"The event `{name}`{why}", EVENTS)
    return None


def _trigger(reader: Reader, event: str, entry: Entry) -> Trigger:
    if isinstance(entry.node, Leaf) and entry.node.value is None:
        return Trigger(event)
    what = f"on.{event}"
    entries = reader.known(entry.node, what, _FILTERS_OF[event], _REFUSED_FILTERS)
    return Trigger(event, _chosen(reader, entries, "branches"), _chosen(reader, entries, "paths"))


def _chosen(reader: Reader, entries: dict[str, Entry], name: str) -> Filter | None:
    wanted, ignored = entries.get(name), entries.get(f"{name}-ignore")
    if wanted and ignored:
        message = f"Use `{name}` or `{name}-ignore`, not both; `!` excludes within `{name}`."
        reader.problem(ignored.key, f"{name}-ignore", message)
    entry = wanted or ignored
    return _filter(reader, entry, name, ignore=wanted is None) if entry else None


def _filter(reader: Reader, entry: Entry, name: str, *, ignore: bool) -> Filter:
    patterns = reader.texts(entry.node, entry.key.text)
    if not patterns:
        reader.problem(entry.node, name, f"`{entry.key.text}` needs at least one pattern.")
    sound = [pattern for pattern in patterns if not _complain(reader, entry, pattern)]
    if sound and not ignore and all(pattern.startswith("!") for pattern in sound):
        message = f"`{name}` holds only exclusions: nothing would match. Use `{name}-ignore`."
        reader.problem(entry.node, name, message)
    return Filter(tuple(sound), ignore=ignore)


def _complain(reader: Reader, entry: Entry, pattern: str) -> bool:
    if why := globs.problem(pattern):
        reader.problem(
            entry.node, entry.key.text, f"The pattern `{pattern}` cannot be used: {why}."
        )
    return why is not None
