"""The official reader cases, and a workflow of ours told in their words.

A case is a file of several documents: options, the workflow, called workflows with their
addresses, and last what is expected: JSON of jobs, or of errors.
"""

import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model import calling
from towpath.pipelines.model.expressions import templates
from towpath.pipelines.model.workflow import InvalidWorkflow, Permissions, Workflow

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("TOWPATH_TEST_DATA", ROOT / ".." / "shared" / "data"))
FOLDER = DATA / "actions-languageservices" / "workflow-parser" / "testdata" / "reader"
POLICIES = {"LimitedRead": calling.permissions.LIMITED, "Write": Permissions(others="write")}
_STATUS = re.compile(r"\b(success|failure|always|cancelled)\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    name: str
    options: dict[str, Any]
    text: str
    called: dict[str, str]
    expected: dict[str, Any]

    @property
    def is_wrong(self) -> bool:
        return "errors" in self.expected


def cases() -> list[Case]:
    return [_case(path) for path in sorted(FOLDER.glob("*.yml"))]


def _case(path: Path) -> Case:
    options, text, *called, expected = re.split(r"^---\s*\n", path.read_text(), flags=re.MULTILINE)
    addresses = [address.strip() for address in called[::2]]
    return Case(
        path.stem,
        yaml.safe_load(options) or {},
        text.rstrip("\n"),
        dict(zip(addresses, called[1::2], strict=True)),
        json.loads(expected),
    )


def read(case: Case) -> tuple[Workflow | None, list[str]]:
    """Read a case by our parser, and what it says is wrong, calls included."""
    try:
        workflow = parse(case.text.encode(), f".github/workflows/{case.name}.yml")
        known = {at: parse(text.encode(), at) for at, text in case.called.items()}
    except InvalidWorkflow as error:
        return None, [str(problem) for problem in error.problems]
    policy = POLICIES[case.options.get("permissions-policy", "Write")]
    depth = case.options.get("max-nested-reusable-workflows-depth", 9) + 1
    found = calling.problems(workflow, calling.Rules(known.get, policy, depth))
    return workflow, [str(problem) for problem in found]


def theirs(token: Any) -> Any:
    """Take their tokens apart: text as it stands, an expression behind `=`."""
    if isinstance(token, list):
        return [theirs(each) for each in token]
    if not isinstance(token, dict):
        return token
    apart = _KINDS.get(token.get("type"))
    return apart(token) if apart else {key: theirs(value) for key, value in token.items()}


_KINDS = {
    0: lambda token: token["lit"],
    1: lambda token: [theirs(each) for each in token.get("seq", ())],
    2: lambda token: {theirs(one["Key"]): theirs(one["Value"]) for one in token.get("map", ())},
    3: lambda token: f"={token['expr']}",
    5: lambda token: token["bool"],
    6: lambda token: token["num"],
    7: lambda _: None,
}
"""By the number they give a kind, how to take it apart."""


def ours(value: Any) -> Any:
    """Say a value of our model as `theirs` does."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {key: ours(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [ours(each) for each in value]
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        return int(value) if value.is_integer() else value
    return value


def _text(source: str) -> str:
    """An expression when it has any ${{ }}: alone as it is, among text as a call of format."""
    if templates.OPEN not in source:
        return source
    pieces = re.split(r"\$\{\{((?:[^}']|'[^']*'|\}(?!\}))*)\}\}", source)
    inside = [piece.strip() for piece in pieces[1::2]]
    if templates.is_whole(source):
        alone = re.fullmatch(r"'((?:[^']|'')*)'", inside[0])
        return alone[1].replace("''", "'") if alone else f"={inside[0]}"
    literal = [piece.replace("{", "{{").replace("}", "}}").replace("'", "''") for piece in pieces]
    shape = "".join(f"{{{at // 2}}}" if at % 2 else piece for at, piece in enumerate(literal))
    return f"=format('{shape}', {', '.join(inside)})"


def condition(source: str) -> str:
    bare = source.strip()
    if templates.is_whole(bare):
        bare = bare[3:-2].strip()
    if not bare:
        return "=success()"
    return f"={bare}" if _STATUS.search(_without_strings(bare)) else f"=success() && ({bare})"


def _without_strings(source: str) -> str:
    return re.sub(r"'[^']*'", "''", source)
