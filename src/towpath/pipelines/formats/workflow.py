"""A whole workflow file, in the grammar of GitHub Actions.

What is not implemented is refused by name: a key that is ignored in silence is a check that
nobody runs. https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from towpath.pipelines.formats import steps, tree, triggers
from towpath.pipelines.formats.reading import Entry, Fields, Reader, scope
from towpath.pipelines.formats.tree import Branch, Node
from towpath.pipelines.model import graph
from towpath.pipelines.model.expressions import syntax
from towpath.pipelines.model.workflow import (
    InvalidWorkflow,
    Job,
    Problem,
    Workflow,
)

MAX_JOBS = 1000
_TOP = ("name", "run-name", "on", "env", "defaults", "jobs")
_JOB = (
    "name", "needs", "runs-on", "if", "env", "defaults", "steps", "timeout-minutes",
    "continue-on-error", "outputs",
)  # fmt: skip
_REFUSED_TOP = {
    "permissions": "a job's token can only read its own repository",
    "concurrency": "runs do not wait for each other",
    "description": "write a comment",
}
_REFUSED_JOB = {
    "permissions": "a job's token can only read its own repository",
    "concurrency": "jobs do not wait for other runs",
    "strategy": "write one job per variant",
    "container": "jobs run in a sandbox on the runner's own system",
    "services": "start what a job needs in a step",
    "environment": "there are no deployment environments",
    "uses": "there are no reusable workflows",
    "with": "there are no reusable workflows",
    "secrets": "jobs get no secrets",
    "snapshot": "jobs leave no images behind",
    "cancel-timeout-minutes": "a cancelled job ends at once",
}


def parse(source: bytes, file: str) -> Workflow:
    """Read one file; InvalidWorkflow lists all that is wrong, in the order of the lines."""
    root = tree.read(source, file)
    if isinstance(root, Problem):
        raise InvalidWorkflow((root,))
    reader = Reader(file)
    workflow = _workflow(reader, root)
    if reader.problems:
        ordered = sorted(set(reader.problems), key=lambda found: (found.line, found.column))
        raise InvalidWorkflow(tuple(ordered))
    return workflow


def _workflow(reader: Reader, root: Node) -> Workflow:
    entries = reader.known(root, "the workflow", _TOP, _REFUSED_TOP)
    for key in ("on", "jobs"):
        if key not in entries and isinstance(root, Branch):
            reader.problem(root, key, f"The workflow needs the key `{key}`.")
    name, run_name, env = (entries.get(key) for key in ("name", "run-name", "env"))
    shell, directory = _defaults(reader, entries.get("defaults"), scope("github", "env"))
    return Workflow(
        path=reader.file,
        name=(reader.text(name.node, "name") if name else "") or _stem(reader.file),
        run_name=reader.template(run_name.node, "run-name", scope("github")) if run_name else "",
        triggers=triggers.read(reader, entries["on"].node) if "on" in entries else (),
        env=reader.environment(env.node, "env", scope("github")) if env else {},
        jobs=_jobs(reader, entries["jobs"], shell, directory) if "jobs" in entries else (),
    )


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _defaults(reader: Reader, entry: Entry | None, allowed: syntax.Scope) -> tuple[str, str]:
    if entry is None:
        return "", ""
    run = reader.known(entry.node, "defaults", ("run",), {}).get("run")
    if run is None:
        return "", ""
    inside = reader.known(run.node, "defaults.run", ("shell", "working-directory"), {})
    shell, directory = inside.get("shell"), inside.get("working-directory")
    return (
        steps.shell(reader, shell.node) if shell else "",
        reader.template(directory.node, "working-directory", allowed) if directory else "",
    )


def _jobs(reader: Reader, entry: Entry, shell: str, directory: str) -> tuple[Job, ...]:
    entries = reader.mapping(entry.node, "jobs")
    if isinstance(entry.node, Branch) and not 0 < len(entries) <= MAX_JOBS:
        reader.problem(entry.node, "jobs", f"`jobs` needs between 1 and {MAX_JOBS} jobs.")
    jobs = tuple(_job(reader, found, shell, directory) for found in entries.values())
    _check_needs(reader, entries, jobs)
    return jobs


def _job(reader: Reader, entry: Entry, shell: str, directory: str) -> Job:
    name = steps.identifier(reader, entry.key, entry.key.text, "job")
    entries = reader.known(entry.node, f"job `{name}`", _JOB, _REFUSED_JOB)
    for key in ("runs-on", "steps"):
        if key not in entries and isinstance(entry.node, Branch):
            reader.problem(entry.key, key, f"Job `{name}` needs the key `{key}`.")
    own_shell, own_directory = _defaults(
        reader, entries.get("defaults"), scope("github", "env", "needs")
    )
    return Job(
        id=name,
        line=entry.key.line,
        shell=own_shell or shell,
        working_directory=own_directory or directory,
        **reader.fields(entries, _FIELDS),
    )


def _runs_on(reader: Reader, node: Node) -> tuple[str, ...]:
    if isinstance(node, Branch) and node.mapping:
        reader.problem(node, "runs-on", "`runs-on` must be a label or a list of labels.")
        return ()
    labels = reader.texts(node, "runs-on")
    if not all(labels) or not labels:
        reader.problem(node, "runs-on", "`runs-on` needs at least one label.")
    if any("${{" in label for label in labels):
        reader.problem(node, "runs-on", "`runs-on` must be plain labels, without ${{ }}.")
    return labels


_OUTER = scope("github", "needs")
_AFTER = scope(*steps.CONTEXTS)
_FIELDS: Fields = {
    "name": ("name", lambda reader, node: reader.template(node, "name", scope("github"))),
    "needs": ("needs", lambda reader, node: reader.texts(node, "needs")),
    "runs-on": ("runs_on", _runs_on),
    "if": ("condition", lambda reader, node: reader.condition(node, "if", _OUTER.names)),
    "env": ("env", lambda reader, node: reader.environment(node, "env", _OUTER)),
    "outputs": ("outputs", lambda reader, node: reader.environment(node, "outputs", _AFTER)),
    "timeout-minutes": ("timeout_minutes", lambda reader, node: reader.minutes(node)),
    "continue-on-error": (
        "continue_on_error",
        lambda reader, node: reader.boolean(node, "continue-on-error"),
    ),
    "steps": ("steps", steps.read),
}


def _check_needs(reader: Reader, entries: dict[str, Entry], jobs: tuple[Job, ...]) -> None:
    ids = [job.id for job in jobs]
    lowered = {name.lower() for name in ids}
    if len(lowered) < len(ids):
        twice = next(
            name for at, name in enumerate(ids) if name.lower() in map(str.lower, ids[:at])
        )
        reader.problem(entries[twice].key, twice, f"Two jobs are called `{twice}`, but for case.")
    for job in jobs:
        for missing in (need for need in job.needs if need not in ids):
            message = f"Job `{job.id}` needs `{missing}`, which is not a job of this file."
            reader.problem(entries[job.id].key, "needs", message, sorted(ids))
    if cycle := graph.cycle({job.id: job.needs for job in jobs}):
        path = " → ".join((*cycle, cycle[0]))
        message = f"These jobs wait for each other: {path}."
        reader.problem(entries[cycle[0]].key, "needs", message)
