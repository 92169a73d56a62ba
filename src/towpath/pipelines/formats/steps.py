"""The `steps` of a job."""

import re

from towpath.pipelines.formats.reading import Entry, Fields, Reader, scope
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model.workflow import Checkout, Step

MAX_STEPS = 1000
SHELLS = ("bash", "sh", "python")
CONTEXTS = ("github", "env", "needs", "steps", "job", "runner")

_KEYS = (
    "name", "id", "if", "run", "uses", "with", "env", "working-directory", "shell",
    "timeout-minutes", "continue-on-error",
)  # fmt: skip
_REFUSED = dict.fromkeys(
    ("background", "wait", "wait-all", "cancel", "parallel"), "steps run one after another"
)
_CHECKOUT = re.compile(r"actions/checkout(@[\w./-]+)?")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_RUN_ONLY = ("shell", "working-directory")
_ANYTHING = scope(*CONTEXTS)


def read(reader: Reader, node: Node) -> tuple[Step, ...]:
    items = reader.items(node, "steps")
    if isinstance(node, Branch) and not 0 < len(items) <= MAX_STEPS:
        reader.problem(node, "steps", f"`steps` needs between 1 and {MAX_STEPS} steps.")
    seen: set[str] = set()
    return tuple(
        _step(reader, item, number, seen) for number, item in enumerate(items[:MAX_STEPS], 1)
    )


def identifier(reader: Reader, node: Node, text: str, what: str) -> str:
    if not _IDENTIFIER.fullmatch(text) or text.startswith("__"):
        message = (
            f"`{text}` cannot name a {what}: use letters, digits, `-` and `_`, a letter first."
        )
        reader.problem(node, what, message)
    return text


def shell(reader: Reader, node: Node) -> str:
    text = reader.text(node, "shell")
    if text not in SHELLS and not ("{0}" in text and len(text.split()) > 1):
        message = f"The shell `{text}` is not known."
        reader.problem(node, "shell", message, (*SHELLS, "a command with {0} for the script"))
    return text


_FIELDS: Fields = {
    "name": ("name", lambda reader, node: reader.template(node, "name", _ANYTHING)),
    "if": ("condition", lambda reader, node: reader.condition(node, "if", CONTEXTS)),
    "env": ("env", lambda reader, node: reader.environment(node, "env", _ANYTHING)),
    "working-directory": (
        "working_directory",
        lambda reader, node: reader.template(node, "working-directory", _ANYTHING),
    ),
    "shell": ("shell", shell),
    "timeout-minutes": ("timeout_minutes", lambda reader, node: reader.minutes(node)),
    "continue-on-error": (
        "continue_on_error",
        lambda reader, node: reader.boolean(node, "continue-on-error"),
    ),
}


def _step(reader: Reader, node: Node, number: int, seen: set[str]) -> Step:
    entries = reader.known(node, "a step", _KEYS, _REFUSED)
    checkout = _uses(reader, entries)
    run = entries.get("run")
    if bool(run) == ("uses" in entries) and entries:
        reader.problem(node, "run", "A step needs either `run` or `uses`.", ("run", "uses"))
    return Step(
        number=number,
        line=node.line,
        id=_id(reader, entries.get("id"), seen),
        run=reader.template(run.node, "run", _ANYTHING) if run else None,
        checkout=checkout,
        **reader.fields(entries, _FIELDS),
    )


def _id(reader: Reader, entry: Entry | None, seen: set[str]) -> str:
    if entry is None:
        return ""
    name = identifier(reader, entry.node, reader.text(entry.node, "id"), "step")
    if name.lower() in seen:
        reader.problem(entry.node, "id", f"Two steps of this job have the id `{name}`.")
    seen.add(name.lower())
    return name


def _uses(reader: Reader, entries: dict[str, Entry]) -> Checkout | None:
    uses = entries.get("uses")
    if uses is None:
        if "with" in entries:
            reader.problem(entries["with"].key, "with", "`with` needs `uses` beside it.")
        return None
    for key in _RUN_ONLY:
        if key in entries:
            reader.problem(entries[key].key, key, f"`{key}` needs `run`, not `uses`.")
    action = reader.text(uses.node, "uses")
    if not _CHECKOUT.fullmatch(action):
        message = f"The action `{action}` is not supported: only actions/checkout is built in."
        reader.problem(uses.node, "uses", message, ("actions/checkout@v4", "run"))
        return None
    return _checkout(reader, entries.get("with"))


def _checkout(reader: Reader, entry: Entry | None) -> Checkout:
    if entry is None or (isinstance(entry.node, Leaf) and entry.node.value is None):
        return Checkout()
    inputs = reader.known(entry.node, "with", ("fetch-depth", "ref", "path"), _REFUSED_INPUTS)
    depth, ref, path = (inputs.get(key) for key in ("fetch-depth", "ref", "path"))
    return Checkout(
        depth=reader.whole(depth.node, "fetch-depth") if depth else 1,
        ref=reader.template(ref.node, "ref", _ANYTHING) if ref else "",
        path=_inside(reader, path) if path else "",
    )


_REFUSED_INPUTS = dict.fromkeys(
    (
        "repository", "token", "ssh-key", "ssh-known-hosts", "ssh-strict", "ssh-user",
        "persist-credentials", "clean", "filter", "sparse-checkout",
        "sparse-checkout-cone-mode", "fetch-tags", "show-progress", "lfs", "submodules",
        "set-safe-directory", "github-server-url",
    ),
    "the run's own repository is fetched, without credentials left behind",
)  # fmt: skip


def _inside(reader: Reader, entry: Entry) -> str:
    path = reader.text(entry.node, "path")
    if path.startswith(("/", "-")) or ".." in path.split("/") or ".git" in path.split("/"):
        reader.problem(entry.node, "path", "`path` must lie inside the workspace.")
    return path
