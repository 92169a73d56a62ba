"""Where actions of others come from, and which of them may be used.

A commit is a promise: who pins `OWNER/NAME@COMMIT` gets those very files for ever. A tag or a
branch is whatever its owner makes of it, so it has to be allowed by name.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from towpath.kernel.errors import Denied, InvalidInput
from towpath.pipelines.model import furnished
from towpath.pipelines.model.workflow import Problem, Workflow

BUILT_IN = frozenset({"actions/checkout", "actions/setup-python", "actions/setup-node"})
"""Actions that are part of Towpath, whatever is written behind their @."""
FILE = ".towpath/actions"
"""Where a repository lists the actions it uses, on its default branch."""

_ADDRESS = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,99})/(?P<name>[\w.-]{1,100})"
    r"(?P<path>(?:/[\w. -]{1,255}){0,20})@(?P<ref>[\w./-]{1,255})"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ALLOWED = re.compile(r"[\w.*?-]+/[\w.*?/ -]+(?:@[\w.*?/-]+)?")


@dataclass(frozen=True)
class Address:
    """`path` is where in the repository the action lies, `ref` a commit, a tag or a branch."""

    owner: str
    name: str
    path: str
    ref: str

    @property
    def repository(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def is_pinned(self) -> bool:
        return _COMMIT.fullmatch(self.ref) is not None

    def __str__(self) -> str:
        return f"{self.repository}{'/' if self.path else ''}{self.path}@{self.ref}"


def of(uses: str) -> Address | None:
    """Read an address; None for what lies in the repository itself, is built in, or an image."""
    found = _ADDRESS.fullmatch(uses)
    if found is None or built_in(uses) or furnished.action(uses):
        return None
    path, name, ref = found["path"].strip("/"), found["name"], found["ref"]
    if {"..", "."} & {name, *path.split("/"), *ref.split("/")} or ref.startswith(("-", "/")):
        return None
    return Address(found["owner"], name, path, ref)


def understood(uses: str) -> bool:
    return bool(built_in(uses) or furnished.action(uses)) or of(uses) is not None


def built_in(uses: str) -> str:
    """Name the built-in action that is meant; empty when none is."""
    name = uses.partition("@")[0].lower()
    return name if name in BUILT_IN else ""


def allowed_by(lines: str) -> tuple[str, ...]:
    """Read a list of what is allowed, one a line or between commas; InvalidInput names a line.

    `OWNER/NAME` allows every commit of it, `OWNER/NAME@REF` that ref alone, and `*` stands for
    anything in either: `OWNER/*`, `*/*@*`.
    """
    found = []
    for line in re.split(r"[\n,]", lines):
        word = line.partition("#")[0].strip()
        if word and not _ALLOWED.fullmatch(word):
            raise InvalidInput(
                f"`{word[:100]}` names no action.",
                next_step=f"Write OWNER/NAME, or OWNER/NAME@REF, one a line of {FILE}.",
            )
        if word:
            found.append(word)
    return tuple(found)


def check(address: Address, allowed: Sequence[str], commit: str = "") -> None:
    """Denied when an action may not be used; `commit` is where its ref is now, if known."""
    patterns = [each.rpartition("@") if "@" in each else (each, "", "") for each in allowed]
    named = [ref for name, _, ref in patterns if fnmatchcase(address.repository, name)]
    if any(fnmatchcase(address.ref, ref) if ref else address.is_pinned for ref in named):
        return
    pin = f"{str(address).rpartition('@')[0]}@{commit or 'COMMIT'}"
    if "" in named:
        raise Denied(
            f"`{address.ref}` of {address.repository} can be moved by its owner.",
            next_step=f"Pin it by its whole commit: `uses: {pin}  # {address.ref}`.",
        )
    hint = "" if address.is_pinned else f", and pin it: `uses: {pin}  # {address.ref}`"
    raise Denied(
        f"{address.repository} is not among the actions that may be used.",
        next_step=f"Add the line `{address.repository}` to {FILE}{hint}.",
    )


def refusals(
    workflow: Workflow, allowed: Sequence[str], commit: Callable[[Address], str]
) -> Iterator[Problem]:
    """Say which steps of a file use what may not be used."""
    for step in workflow.steps:
        if (address := of(step.uses)) is not None:
            try:
                check(address, allowed, "" if address.is_pinned else commit(address))
            except Denied as error:
                yield Problem(workflow.path, step.line, 1, f"uses: {step.uses}", str(error))
