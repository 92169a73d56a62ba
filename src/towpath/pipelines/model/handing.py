"""What passes between a job and the workflow it calls: inputs and secrets down, outputs up.

Inputs also come from whoever starts a workflow by hand. Values are of the kind that is declared.
https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from towpath.pipelines.model import contexts, variants
from towpath.pipelines.model.expressions import functions, syntax, templates, values
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import Call, Input, Job, Workflow

_DOWN = syntax.Scope(
    frozenset({"github", "needs", "strategy", "matrix", "vars", "inputs", "secrets"}),
    functions.PLAIN,
)
_UP = syntax.Scope(frozenset({"github", "jobs", "vars", "inputs"}), functions.PLAIN)
_NOTHING: Mapping[str, Any] = {"string": "", "boolean": False, "number": 0.0}
"""By type, what an input is that nobody gave."""


class HandingError(ValueError):
    """What is handed over is not what is asked for; the message is for people."""


def called(job: Job, workflows: Mapping[str, Workflow], around: contexts.Context) -> Call:
    """Evaluate the inputs of a job's call; HandingError for one that is not of its type."""
    call = job.call or Call(workflow="")
    inner = {**around, **variants.surroundings(job.variant)}
    try:
        given = templates.filled(call.inputs, _DOWN, Surroundings(inner))
        return replace(call, inputs=typed(_declared(workflows[call.workflow]), given, inner))
    except ExpressionError as error:
        raise HandingError(f"`with` cannot be evaluated: {error}") from error


def typed(
    declared: Mapping[str, Input], given: Mapping[str, Any], around: contexts.Context
) -> dict[str, Any]:
    """Give every declared input its value, or its default; what is not declared is left out."""
    return {
        name: _fitting(name, wanted, given[name] if name in given else _default(wanted, around))
        for name, wanted in declared.items()
    }


def started(declared: Mapping[str, Input], given: Any) -> dict[str, Any]:
    """Read what somebody who starts a workflow handed in, mostly as text."""
    handed = given if isinstance(given, Mapping) else {}
    read = {name: _read(wanted, handed.get(name)) for name, wanted in declared.items()}
    lacking = [name for name, wanted in declared.items() if wanted.required and read[name] == ""]
    if lacking:
        raise HandingError(f"The input `{lacking[0]}` is needed.")
    if strange := sorted(handed.keys() - declared.keys()):
        raise HandingError(f"There is no input `{strange[0]}`.")
    return {name: _fitting(name, wanted, read[name]) for name, wanted in declared.items()}


def secrets(
    job: Job, around: contexts.Context, theirs: Mapping[str, str], token: str
) -> Mapping[str, str]:
    """Give what a called workflow may know of the secrets that its caller knows."""
    call = job.call or Call(workflow="")
    if call.inherit:
        return theirs
    known = {"secrets": {**theirs, "GITHUB_TOKEN": token}}
    inner = Surroundings({**around, **variants.surroundings(job.variant), **known})
    return {
        name: values.text(templates.filled(value, _DOWN, inner))
        for name, value in call.secrets.items()
    }


def outputs(
    job: Job,
    workflows: Mapping[str, Workflow],
    known: contexts.Context,
    results: contexts.Context,
) -> dict[str, str]:
    """Evaluate what a called workflow gives back; `results` is what `jobs` stands for in it."""
    found = workflows[job.call.workflow].trigger("workflow_call") if job.call else None
    around = Surroundings({**known, "jobs": results})
    return {
        name: values.text(templates.filled(value, _UP, around))
        for name, value in (found.outputs if found else {}).items()
    }


def _declared(workflow: Workflow) -> Mapping[str, Input]:
    found = workflow.trigger("workflow_call")
    return found.inputs if found else {}


def _default(wanted: Input, around: contexts.Context) -> Any:
    if wanted.default is None:
        return _NOTHING.get(wanted.type, "")
    return templates.filled(wanted.default, _DOWN, Surroundings(around))


def _read(wanted: Input, given: Any) -> Any:
    """Read text as the kind that is wanted; nothing given is the default."""
    if given is None:
        nothing = wanted.options[0] if wanted.options else _NOTHING.get(wanted.type, "")
        given = nothing if wanted.default is None else wanted.default
    if not isinstance(given, str) or wanted.type not in {"boolean", "number"}:
        return given
    if wanted.type == "boolean":
        return {"true": True, "false": False}.get(given.strip().lower(), given)
    try:
        return float(given)
    except ValueError:
        return given


def _fitting(name: str, wanted: Input, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {"boolean": isinstance(value, bool), "number": number}.get(
        wanted.type, not isinstance(value, Mapping | list)
    )
    if not fits:
        raise HandingError(f"The input `{name}` must be a {wanted.type}, not {value!r}.")
    if wanted.type == "choice" and value not in wanted.options:
        raise HandingError(
            f"The input `{name}` must be one of {', '.join(wanted.options)}, not {value!r}."
        )
    return value if wanted.type in {"boolean", "number"} else values.text(value)
