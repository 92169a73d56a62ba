"""A whole workflow file, in the grammar of GitHub Actions.

Every key of that grammar is read; what is read but not run yet is noted as such (`unrun`), for a
key that is ignored in silence is a check that nobody runs.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from towpath.pipelines.formats import jobs, limits, tree, triggers
from towpath.pipelines.formats.events import HAPPEN_HERE
from towpath.pipelines.formats.reading import Entry, Fields, Reader
from towpath.pipelines.formats.tree import Branch, Node
from towpath.pipelines.model import graph
from towpath.pipelines.model.workflow import InvalidWorkflow, Job, Problem, Trigger, Workflow

MAX_JOBS = 1000
KEYS = (
    "name", "description", "run-name", "on", "permissions", "env", "defaults", "concurrency",
    "jobs",
)  # fmt: skip


def parse(source: bytes, file: str) -> Workflow:
    """Read one file; InvalidWorkflow lists all that is wrong, in the order of the lines."""
    root = tree.read(source, file)
    if isinstance(root, Problem):
        raise InvalidWorkflow((root,))
    reader = Reader(file)
    workflow = _workflow(reader, root)
    if reader.problems:
        raise InvalidWorkflow(_ordered(reader.problems))
    return workflow


def _ordered(found: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(found), key=lambda problem: (problem.line, problem.column)))


def _workflow(reader: Reader, root: Node) -> Workflow:
    entries = reader.known(root, "the workflow", KEYS)
    if isinstance(root, Branch):
        reader.needed(entries, root, "The workflow", "on", "jobs")
    reader.unrun_keys(entries, "")
    if "description" in entries:
        reader.plain(entries["description"].node, "description")
    shell, directory = jobs.defaults(reader, entries.get("defaults"), "defaults.run")
    read = reader.fields(entries, _FIELDS)
    return Workflow(
        path=reader.file,
        jobs=_jobs(reader, entries["jobs"], shell, directory) if "jobs" in entries else (),
        **read | {"name": read.get("name") or _stem(reader.file)},
        unrun=_ordered(reader.unrun),
        warnings=_ordered(reader.warnings),
        dangers=_ordered(reader.dangers),
    )


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _triggers(reader: Reader, node: Node) -> tuple[Trigger, ...]:
    found = triggers.read(reader, node)
    for trigger in found:
        if trigger.event not in HAPPEN_HERE:
            message = f"The event `{trigger.event}` does not happen here: it starts nothing."
            reader.warning(node, "on", message)
    return found


_FIELDS: Fields = {
    "name": ("name", lambda reader, node: reader.plain(node, "name")),
    "run-name": ("run_name", lambda reader, node: reader.template(node, "run-name", "run-name")),
    "env": ("env", lambda reader, node: reader.environment(node, "env", "env")),
    "permissions": (
        "permissions",
        lambda reader, node: limits.permissions(reader, node, "permissions"),
    ),
    "concurrency": (
        "concurrency",
        lambda reader, node: limits.concurrency(reader, node, "concurrency"),
    ),
    "on": ("triggers", _triggers),
}


def _jobs(reader: Reader, entry: Entry, shell: str, directory: str) -> tuple[Job, ...]:
    entries = reader.mapping(entry.node, "jobs")
    if isinstance(entry.node, Branch) and not 0 < len(entries) <= MAX_JOBS:
        reader.problem(entry.node, "jobs", f"`jobs` needs between 1 and {MAX_JOBS} jobs.")
    found = tuple(jobs.read(reader, each, shell, directory) for each in entries.values())
    _check_needs(reader, entries, found)
    return found


def _check_needs(reader: Reader, entries: dict[str, Entry], found: tuple[Job, ...]) -> None:
    ids = [job.id for job in found]
    lowered = {name.lower() for name in ids}
    if len(lowered) < len(ids):
        twice = next(
            name for at, name in enumerate(ids) if name.lower() in map(str.lower, ids[:at])
        )
        reader.problem(entries[twice].key, twice, f"Two jobs are called `{twice}`, but for case.")
    known = set(ids)
    for job in found:
        for missing in (need for need in job.needs if need not in known):
            message = f"Job `{job.id}` needs `{missing}`, which is not a job of this file."
            reader.problem(_need(entries[job.id], missing), "needs", message, sorted(ids))
    if cycle := graph.cycle({job.id: job.needs for job in found}):
        path = " → ".join((*cycle, cycle[0]))
        message = f"These jobs wait for each other: {path}."
        reader.problem(_need(entries[cycle[0]], cycle[-1]), "needs", message)


def _need(job: Entry, wanted: str) -> Node:
    """Find where a job says that it needs another; the job itself if that cannot be told."""
    entries = job.node.entries if isinstance(job.node, Branch) else []
    for key, node in entries:
        if key.text == "needs":
            items = node.children if isinstance(node, Branch) else [node]
            return next((each for each in items if getattr(each, "text", "") == wanted), key)
    return job.key
