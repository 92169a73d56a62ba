"""One job: either steps on a runner, or a call of another workflow."""

import re

from towpath.pipelines.formats import containers, limits, steps, strategy
from towpath.pipelines.formats.reading import Entry, Fields, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.workflow import Call, Job

_COMMON = ("name", "needs", "if", "permissions", "concurrency", "strategy")
WITH_STEPS = (
    *_COMMON, "runs-on", "env", "defaults", "steps", "timeout-minutes", "cancel-timeout-minutes",
    "continue-on-error", "outputs", "environment", "container", "services", "snapshot",
)  # fmt: skip
CALLING = (*_COMMON, "uses", "with", "secrets")
_GROUP = re.compile(r"(org|organization|ent|enterprise)/[^/]+")
_HERE = re.compile(r"(\./|\$/)\.(github|towpath)/workflows/[^/@]+\.ya?ml")
_THERE = re.compile(r"[\w.-]+/[\w.-]+/\.(github|towpath)/workflows/[^/@]+\.ya?ml@[^@\s]+")


def read(reader: Reader, entry: Entry, shell: str, directory: str) -> Job:
    before = len(reader.unrun)
    name = steps.identifier(reader, entry.key, entry.key.text, "job")
    raw = reader.mapping(entry.node, f"job `{name}`")
    called = "uses" in raw and "steps" not in raw
    entries = (
        reader.known(entry.node, f"job `{name}`", CALLING if called else WITH_STEPS) if raw else {}
    )
    if isinstance(entry.node, Branch) and not called:
        reader.needed(entries, entry.key, f"Job `{name}`", "runs-on", "steps")
    reader.unrun_keys(entries, "jobs.*.")
    own_shell, own_directory = defaults(reader, entries.get("defaults"), "jobs.*.defaults.run")
    if "snapshot" in entries:
        _snapshot(reader, entries["snapshot"].node)
    fields = {
        **reader.fields(entries, _FIELDS),
        "runner_group": _group(reader, entries.get("runs-on")),
        "call": _call(reader, entries) if "uses" in entries else None,
    }
    return Job(
        id=name,
        line=entry.key.line,
        column=entry.key.column,
        shell=own_shell or shell,
        working_directory=own_directory or directory,
        unrun=reader.taken(before),
        **fields,
    )


def defaults(reader: Reader, entry: Entry | None, place: str) -> tuple[str, str]:
    """Read the shell and the directory that steps have unless they say otherwise."""
    if entry is None:
        return "", ""
    run = reader.known(entry.node, "defaults", ("run",)).get("run")
    if run is None:
        return "", ""
    inside = reader.known(run.node, "defaults.run", ("shell", "working-directory"))
    shell, directory = inside.get("shell"), inside.get("working-directory")
    return (
        steps.shell(reader, shell.node, place) if shell else "",
        reader.template(directory.node, "working-directory", place) if directory else "",
    )


def _runs_on(reader: Reader, node: Node) -> tuple[str, ...]:
    if isinstance(node, Branch) and node.mapping:
        labels = reader.known(node, "runs-on", ("group", "labels")).get("labels")
        return _runs_on(reader, labels.node) if labels else ()
    if isinstance(node, Leaf):
        return (_label(reader, node),)
    found = reader.items(node, "runs-on")
    if not found:
        reader.problem(node, "runs-on", "`runs-on` needs at least one label.")
    return tuple(_label(reader, item) for item in found)


def _label(reader: Reader, node: Node) -> str:
    """Read a label, which may be made of ${{ }} in whole or in part."""
    reader.template(node, "runs-on", "jobs.*.runs-on")
    return reader.filled(node, "runs-on")


def _group(reader: Reader, entry: Entry | None) -> str:
    if entry is None or not isinstance(entry.node, Branch) or not entry.node.mapping:
        return ""
    group = reader.mapping(entry.node, "runs-on").get("group")
    if group is None:
        return ""
    reader.unrun_key(group.key, "jobs.*.runs-on.group")
    name = reader.template(group.node, "group", "jobs.*.runs-on")
    if "/" in name and not _GROUP.fullmatch(name):
        message = f"`{name}` is no group: write its name alone, org/NAME or enterprise/NAME."
        reader.problem(group.node, "group", message)
    return name


def _call(reader: Reader, entries: dict[str, Entry]) -> Call:
    uses, given, secrets = map(entries.get, ("uses", "with", "secrets"))
    inherit = secrets is not None and _is(secrets.node, "inherit")
    return Call(
        workflow=_workflow(reader, uses.node) if uses else "",
        inputs=_inputs(reader, given) if given else {},
        secrets={} if secrets is None or inherit else _secrets(reader, secrets),
        inherit=inherit,
    )


def _workflow(reader: Reader, node: Node) -> str:
    text = reader.plain(node, "uses")
    if not _HERE.fullmatch(text) and not _THERE.fullmatch(text):
        message = f"`{text}` is not the address of a workflow."
        expected = ("./.github/workflows/FILE.yml", "OWNER/NAME/.github/workflows/FILE.yml@REF")
        reader.problem(node, "uses", message, expected)
    return text


def _inputs(reader: Reader, entry: Entry) -> dict[str, str | bool | float]:
    return {
        name: reader.scalar(found.node, name, "jobs.*.with.*")
        for name, found in reader.mapping(entry.node, "with").items()
    }


def _secrets(reader: Reader, entry: Entry) -> dict[str, str]:
    return {
        name: reader.template(found.node, name, "jobs.*.secrets.*")
        for name, found in reader.mapping(entry.node, "secrets").items()
    }


def _is(node: Node, text: str) -> bool:
    return isinstance(node, Leaf) and node.text == text


def _snapshot(reader: Reader, node: Node) -> None:
    """Check an image to be made of a job; nothing of it is kept, since none ever is."""
    if not isinstance(node, Branch):
        reader.filled(node, "snapshot")
        return
    entries = reader.known(node, "snapshot", ("image-name", "if", "version"))
    reader.needed(entries, node, "`snapshot`", "image-name")
    if "if" in entries:
        reader.condition(entries["if"].node, "if", "jobs.*.snapshot.if")


_FIELDS: Fields = {
    "name": ("name", lambda reader, node: reader.template(node, "name", "jobs.*.name")),
    "needs": ("needs", lambda reader, node: reader.texts(node, "needs")),
    "runs-on": ("runs_on", _runs_on),
    "if": ("condition", lambda reader, node: reader.condition(node, "if", "jobs.*.if")),
    "env": ("env", lambda reader, node: reader.environment(node, "env", "jobs.*.env")),
    "outputs": (
        "outputs",
        lambda reader, node: reader.environment(node, "outputs", "jobs.*.outputs.*"),
    ),
    "timeout-minutes": (
        "timeout_minutes",
        lambda reader, node: reader.either(
            node, "timeout-minutes", "jobs.*.timeout-minutes", reader.minutes
        ),
    ),
    "cancel-timeout-minutes": (
        "cancel_timeout_minutes",
        lambda reader, node: reader.either(
            node, "cancel-timeout-minutes", "jobs.*.cancel-timeout-minutes", reader.minutes
        ),
    ),
    "continue-on-error": (
        "continue_on_error",
        lambda reader, node: reader.either(
            node, "continue-on-error", "jobs.*.continue-on-error", reader.boolean
        ),
    ),
    "permissions": (
        "permissions",
        lambda reader, node: limits.permissions(reader, node, "jobs.*.permissions"),
    ),
    "concurrency": (
        "concurrency",
        lambda reader, node: limits.concurrency(reader, node, "jobs.*.concurrency"),
    ),
    "strategy": ("strategy", strategy.read),
    "environment": ("environment", containers.environment),
    "container": ("container", containers.container),
    "services": ("services", containers.services),
    "steps": ("steps", steps.read),
}
