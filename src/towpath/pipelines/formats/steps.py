"""The `steps` of a job."""

import re

from towpath.pipelines.formats import unrun
from towpath.pipelines.formats.reading import Entry, Fields, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model import addresses
from towpath.pipelines.model.expressions import templates
from towpath.pipelines.model.workflow import Checkout, Step

MAX_STEPS = 1000
SHELLS = ("bash", "sh", "python", "pwsh", *unrun.SHELLS)
_AT = "jobs.*.steps.*."
_COMMON = ("name", "id", "if", "env", "timeout-minutes", "continue-on-error", "background")
_WAITING = ("name", "id", "continue-on-error")
KINDS = {
    "run": (*_COMMON, "run", "working-directory", "shell"),
    "uses": (*_COMMON, "uses", "with"),
    "wait": (*_WAITING, "wait"),
    "wait-all": (*_WAITING, "wait-all"),
    "cancel": (*_WAITING, "cancel"),
    "parallel": ("parallel",),
}
"""By the key that says what a step does, all that may stand beside it."""

_CHECKOUT = re.compile(r"actions/checkout(@[\w./-]+)?")
_ACTION = re.compile(r"[^/@]+/[^/@]+(/[^@]+)?@[^@]+|docker://.+|(\./|\$/).*|\.")
_ADDRESSES = ("OWNER/NAME@REF", "OWNER/NAME/PATH@REF", "./PATH", "docker://IMAGE")
_PROGRAMS = {"actions/github-script": ("script",)}
"""By action, inputs that become programs."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


def read(reader: Reader, node: Node) -> tuple[Step, ...]:
    items = reader.items(node, "steps")
    if isinstance(node, Branch) and not 0 < len(items) <= MAX_STEPS:
        reader.problem(node, "steps", f"`steps` needs between 1 and {MAX_STEPS} steps.")
    seen: set[str] = set()
    return _numbered(reader, items[:MAX_STEPS], seen)


def _numbered(reader: Reader, items: list[Node], seen: set[str]) -> tuple[Step, ...]:
    return tuple(_step(reader, item, number, seen) for number, item in enumerate(items, 1))


def identifier(reader: Reader, node: Node, text: str, what: str) -> str:
    if not _IDENTIFIER.fullmatch(text) or text.startswith("__"):
        message = (
            f"`{text}` cannot name a {what}: use letters, digits, `-` and `_`, a letter first."
        )
        reader.problem(node, what, message)
    return text


def shell(reader: Reader, node: Node, place: str) -> str:
    text = reader.template(node, "shell", place)
    known = text in SHELLS or templates.OPEN in text
    if not known and not ("{0}" in text and len(text.split()) > 1):
        message = f"The shell `{text}` is not known."
        reader.problem(node, "shell", message, (*SHELLS, "a command with {0} for the script"))
    if text in unrun.SHELLS:
        reader.later(node, f"shell: {text}", unrun.SHELLS[text])
    return text


def _step(reader: Reader, node: Node, number: int, seen: set[str]) -> Step:
    raw = reader.mapping(node, "a step")
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) != 1:
        if isinstance(node, Branch) and node.mapping:
            message = "A step needs exactly one key that says what it does."
            reader.problem(node, "steps", message, KINDS)
        return Step(number=number, line=node.line)
    kind = kinds[0]
    entries = reader.known(node, f"a step with `{kind}`", KINDS[kind])
    reader.unrun_keys(entries, _AT)
    name = _id(reader, entries.get("id"), seen)
    fields = reader.fields(entries, _FIELDS)
    if kind == "parallel":
        fields["parallel"] = _numbered(reader, reader.items(raw[kind].node, kind), seen)
    if kind == "uses":
        fields |= _used(reader, entries)
    return Step(number=number, line=node.line, id=name, **fields)


def _id(reader: Reader, entry: Entry | None, seen: set[str]) -> str:
    if entry is None:
        return ""
    name = identifier(reader, entry.node, reader.text(entry.node, "id"), "step")
    if name.lower() in seen:
        reader.problem(entry.node, "id", f"Two steps of this job have the id `{name}`.")
    seen.add(name.lower())
    return name


def _used(reader: Reader, entries: dict[str, Entry]) -> dict[str, object]:
    node, given = entries["uses"].node, entries.get("with")
    action = reader.plain(node, "uses")
    empty = given is None or (isinstance(given.node, Leaf) and given.node.value is None)
    inputs = {} if empty or given is None else reader.mapping(given.node, "with")
    programs = _PROGRAMS.get(action.partition("@")[0].lower(), ())
    found: dict[str, object] = {
        "uses": action,
        "inputs": {
            name: (reader.script if name in programs else reader.template)(
                entry.node, f"with.{name}", f"{_AT}with"
            )
            for name, entry in inputs.items()
        },
    }
    if _CHECKOUT.fullmatch(action):
        return found | {"checkout": _checkout(reader, inputs)}
    if not _ACTION.fullmatch(action):
        reader.problem(node, "uses", f"`{action}` is not the address of an action.", _ADDRESSES)
    elif action.startswith("docker://"):
        reader.later(node, f"uses: {action}", unrun.ACTIONS)
    elif not action.startswith((".", "$/")) and not addresses.understood(action):
        reader.later(node, f"uses: {action}", unrun.ADDRESS)
    return found


def _checkout(reader: Reader, inputs: dict[str, Entry]) -> Checkout:
    for name, given in inputs.items():
        text = given.node.text.strip().lower() if isinstance(given.node, Leaf) else ""
        if name not in _INPUTS and text not in _AS_WE_DO.get(name, ()):
            reader.later(given.key, name, unrun.CHECKOUT)
    depth, ref, path = map(inputs.get, _INPUTS)
    return Checkout(
        depth=reader.whole(depth.node, "fetch-depth") if depth else 1,
        ref=reader.template(ref.node, "ref", f"{_AT}with") if ref else "",
        path=_inside(reader, path) if path else "",
    )


_INPUTS = ("fetch-depth", "ref", "path")
_FALSE = ("false", "")
_AS_WE_DO = {
    "persist-credentials": _FALSE, "lfs": _FALSE, "submodules": _FALSE, "fetch-tags": _FALSE,
    "clean": ("true", ""), "show-progress": ("true", "false", ""),
    "set-safe-directory": ("true", "false", ""),
}  # fmt: skip
"""Other inputs of checkout, and the values that ask for no more than what happens anyway."""


def _inside(reader: Reader, entry: Entry) -> str:
    path = reader.text(entry.node, "path")
    if path.startswith(("/", "-")) or ".." in path.split("/") or ".git" in path.split("/"):
        reader.problem(entry.node, "path", "`path` must lie inside the workspace.")
    return path


_FIELDS: Fields = {
    "name": ("name", lambda reader, node: reader.template(node, "name", f"{_AT}name")),
    "if": ("condition", lambda reader, node: reader.condition(node, "if", f"{_AT}if")),
    "env": ("env", lambda reader, node: reader.environment(node, "env", f"{_AT}env")),
    "run": ("run", lambda reader, node: reader.script(node, "run", f"{_AT}run")),
    "working-directory": (
        "working_directory",
        lambda reader, node: reader.template(node, "working-directory", f"{_AT}working-directory"),
    ),
    "shell": ("shell", lambda reader, node: shell(reader, node, f"{_AT}shell")),
    "background": ("background", lambda reader, node: reader.boolean(node, "background")),
    "wait": ("waits", lambda reader, node: reader.texts(node, "wait")),
    "wait-all": ("waits", lambda *_: ()),
    "cancel": ("cancels", lambda reader, node: reader.filled(node, "cancel")),
    "timeout-minutes": (
        "timeout_minutes",
        lambda reader, node: reader.either(
            node, "timeout-minutes", f"{_AT}timeout-minutes", reader.minutes
        ),
    ),
    "continue-on-error": (
        "continue_on_error",
        lambda reader, node: reader.either(
            node, "continue-on-error", f"{_AT}continue-on-error", reader.boolean
        ),
    ),
}
