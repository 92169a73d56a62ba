"""Which text of an event a stranger writes, and whether an expression puts it into a script.

A script is made before a shell reads it, so what stands in ${{ }} there becomes part of the
program. Text passed through `env` stays text.
https://docs.github.com/actions/reference/security/secure-use#understanding-the-risk-of-script-injections
"""

from collections.abc import Iterator

from towpath.pipelines.model.expressions import syntax

_AUTHOR = ("author.email", "author.name", "committer.email", "committer.name")
_COMMIT = ("message", *_AUTHOR)
_HEAD = ("ref", "label", "repo.default_branch", "repo.description", "repo.homepage")
_REQUEST = ("title", "body", *(f"head.{name}" for name in _HEAD))
_EVENT = (
    "title", "source",
    *(f"{subject}.{name}" for subject in ("issue", "discussion") for name in ("title", "body")),
    *(f"{subject}.body" for subject in ("comment", "review", "review_comment")),
    *(f"pull_request.{name}" for name in _REQUEST),
    *(f"pull_request_target.{name}" for name in _REQUEST),
    *(f"commits.*.{name}" for name in _COMMIT),
    *(f"head_commit.{name}" for name in _COMMIT),
    *(f"workflow_run.head_commit.{name}" for name in _COMMIT),
    "workflow_run.head_branch", "workflow_run.display_title",
    "workflow_run.head_repository.description", "workflow_run.pull_requests.*.head.ref",
    "pages.*.page_name",
)  # fmt: skip
PATHS = ("github.head_ref", *(f"github.event.{name}" for name in _EVENT))
"""By the names the language uses; `*` stands for any one name or index."""

_SPLIT = tuple(tuple(path.split(".")) for path in PATHS)
_SECOND = {path[1] for path in _SPLIT} | {"*"}
_ONLY_ASKS = frozenset({"contains", "startswith", "endswith", "hashfiles"})
_COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "!"})


def written_by_strangers(tree: syntax.Node) -> Iterator[str]:
    """Yield each path whose text may become part of what the expression gives."""
    match tree:
        case syntax.Name() | syntax.Index():
            path = _path(tree)
            if path is None:
                yield from _inside(tree)
            elif _is_untrusted(path):
                yield ".".join(path)
        case syntax.Call(function, arguments) if function not in _ONLY_ASKS:
            for argument in arguments:
                yield from written_by_strangers(argument)
        case syntax.Operation(operator, operands) if operator not in _COMPARES:
            given = operands if operator == "||" else operands[-1:]
            for operand in given:  # what && goes past was false, empty or zero
                yield from written_by_strangers(operand)


def _inside(tree: syntax.Node) -> Iterator[str]:
    """Reach into what a function gives: that may be of its arguments."""
    while isinstance(tree, syntax.Index):
        tree = tree.target
    yield from written_by_strangers(tree)


def _path(tree: syntax.Node) -> tuple[str, ...] | None:
    """Spell out names and indexes; None when they do not begin at a context."""
    names: list[str] = []
    while isinstance(tree, syntax.Index):
        names.append(_name(tree.index))
        tree = tree.target
    return (tree.name, *reversed(names)) if isinstance(tree, syntax.Name) else None


def _name(index: syntax.Node | None) -> str:
    if isinstance(index, syntax.Literal) and isinstance(index.value, str):
        return index.value.lower()
    return "*"


def _is_untrusted(path: tuple[str, ...]) -> bool:
    """Whether a path is untrusted text, lies in it, or holds it among other things."""
    if path[:1] != ("github",) or (len(path) > 1 and path[1] not in _SECOND):
        return False
    return any(
        all(one == two or "*" in {one, two} for one, two in zip(path, known, strict=False))
        for known in _SPLIT
    )
