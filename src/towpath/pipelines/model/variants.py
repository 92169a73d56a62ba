"""From a job as the file has it to the jobs that run: one of each combination of its matrix.

Whatever of a job depends on others' outputs or on the matrix is evaluated here, once its needs
have ended; what a runner gets is plain.
"""

from dataclasses import replace
from typing import Any

from towpath.pipelines.model import contexts, matrix
from towpath.pipelines.model.expressions import functions, syntax, templates, values
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import Concurrency, Job, Strategy, Variant

LONGEST_NAME = 200
LONGEST_GROUP = 400
_SCOPE = syntax.Scope(
    frozenset({"github", "needs", "strategy", "matrix", "vars", "inputs"}), functions.PLAIN
)
_OWN = Strategy()


class VariantError(ValueError):
    """A job cannot be made ready to run; the message is for people."""


def is_open(job: Job) -> bool:
    """Whether a job is still as the file has it, and something in it waits to be evaluated."""
    written = (
        job.name, *job.runs_on, job.timeout_minutes, job.continue_on_error, job.concurrency
    )  # fmt: skip
    return job.variant is None and (
        job.strategy is not None or any(templates.OPEN in str(each) for each in written)
    )


def variants(job: Job, around: contexts.Context) -> list[Job]:
    """Make the jobs; VariantError says what cannot be evaluated, or of which kind it is not."""
    try:
        combinations, fail_fast, most = _strategy(job.strategy or _OWN, around)
        total = len(combinations)
        found = [
            Variant(each, index, total, fail_fast, most or total)
            for index, each in enumerate(combinations)
        ]
        return [_variant(job, each, around) for each in found]
    except (ExpressionError, matrix.MatrixError) as error:
        raise VariantError(str(error)) from error


def surroundings(variant: Variant | None) -> contexts.Context:
    """What `matrix` and `strategy` stand for in one variant; a job without is the only one."""
    found = variant or Variant({}, 0, 1)
    return {
        "matrix": dict(found.matrix),
        "strategy": {
            "fail-fast": found.fail_fast,
            "job-index": found.index,
            "job-total": found.total,
            "max-parallel": found.max_parallel or found.total,
        },
    }


def concurrency(wanted: Concurrency, around: contexts.Context) -> Concurrency:
    """Evaluate a group and whether who is before in it is to end."""
    group = values.text(_filled(wanted.group, around)).strip()
    if not 0 < len(group) <= LONGEST_GROUP:
        raise VariantError(f"`group` must have 1 to {LONGEST_GROUP} characters: {group[:80]!r}.")
    cancels = _boolean(_filled(wanted.cancel_in_progress, around), "cancel-in-progress")
    if cancels and wanted.queue == "max":
        raise VariantError("With `queue: max` all wait: `cancel-in-progress` must be false.")
    return replace(wanted, group=group, cancel_in_progress=cancels)


def _strategy(
    strategy: Strategy, around: contexts.Context
) -> tuple[list[matrix.Combination], bool, int]:
    filled = _filled(strategy.matrix, around)
    combinations = [{}] if strategy.matrix is None else matrix.combinations(filled)
    fail_fast = _boolean(_filled(strategy.fail_fast, around), "fail-fast")
    most = _filled(strategy.max_parallel, around)
    if most is not None and (isinstance(most, bool | str) or not most >= 1):
        raise VariantError(f"`max-parallel` must be a number, 1 or above, not {most!r}.")
    return list(combinations), fail_fast, int(most or 0)


def _variant(job: Job, variant: Variant, around: contexts.Context) -> Job:
    inner = {**around, **surroundings(variant)}
    minutes = _filled(job.timeout_minutes, inner)
    if isinstance(minutes, bool | str) or not minutes > 0:
        raise VariantError(f"`timeout-minutes` must be a number above 0, not {minutes!r}.")
    return replace(
        job,
        variant=variant,
        name=_name(job, variant, inner),
        runs_on=_labels(job, inner),
        timeout_minutes=float(minutes),
        continue_on_error=_boolean(_filled(job.continue_on_error, inner), "continue-on-error"),
        concurrency=concurrency(job.concurrency, inner) if job.concurrency else None,
    )


def _name(job: Job, variant: Variant, inner: contexts.Context) -> str:
    if templates.OPEN in job.name:
        return " ".join(str(_filled(job.name, inner)).split())[:LONGEST_NAME] or job.id
    return matrix.named(job.name or job.id, variant.matrix)


def _labels(job: Job, inner: contexts.Context) -> tuple[str, ...]:
    found: list[Any] = []
    for label in job.runs_on:
        given = _filled(label, inner)
        if isinstance(given, dict):
            given = given.get("labels", [])
        found += given if isinstance(given, list) else [given]
    if bool(found) != bool(job.runs_on) or not all(
        isinstance(label, str) and label for label in found
    ):
        raise VariantError("`runs-on` gives no label.")
    return tuple(found)


def _boolean(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise VariantError(f"`{what}` must be true or false, not {value!r}.")
    return value


def _filled(value: Any, around: contexts.Context) -> Any:
    return templates.filled(value, _SCOPE, Surroundings(around))
