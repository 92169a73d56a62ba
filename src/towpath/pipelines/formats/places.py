"""What an expression may name at each key: GitHub's table of contexts and functions.

A test holds this against the grammar that npm's @actions/workflow-parser carries, both ways.
https://docs.github.com/actions/reference/workflows-and-actions/contexts#context-availability
"""

from collections.abc import Mapping

from towpath.pipelines.model.expressions import functions, syntax

_PLAN = ("github", "inputs", "vars")
_NEEDS = (*_PLAN, "needs")
_MATRIX = (*_NEEDS, "strategy", "matrix")
_RUNNER = (*_MATRIX, "steps", "job", "runner", "env")
_SECRETS = (*_RUNNER, "secrets")
_STATUS = {**functions.PLAIN, **functions.STATUS_OF_NEEDS}
_FILES = {**functions.PLAIN, **functions.FILES}
_ANYTIME = {**functions.WITH_STATUS, **functions.FILES}


def _scope(
    names: tuple[str, ...], allowed: Mapping[str, syntax.Arity] = functions.PLAIN
) -> syntax.Scope:
    return syntax.Scope(frozenset(names), allowed)


NOWHERE = _scope(())
_STEP = _scope(_SECRETS, _FILES)

PLACES: Mapping[str, syntax.Scope] = {
    "run-name": _scope(_PLAN),
    "env": _scope((*_PLAN, "secrets")),
    "concurrency": _scope(_PLAN),
    "on.workflow_call.inputs.*.default": _scope(_PLAN),
    "on.workflow_call.outputs.*.value": _scope((*_PLAN, "jobs")),
    "jobs.*.if": _scope(_NEEDS, _STATUS),
    "jobs.*.strategy": _scope(_NEEDS),
    "jobs.*.name": _scope(_MATRIX),
    "jobs.*.runs-on": _scope(_MATRIX),
    "jobs.*.timeout-minutes": _scope(_MATRIX),
    "jobs.*.cancel-timeout-minutes": _scope(_MATRIX),
    "jobs.*.continue-on-error": _scope(_MATRIX),
    "jobs.*.concurrency": _scope(_MATRIX),
    "jobs.*.environment": _scope(_MATRIX),
    "jobs.*.environment.url": _scope(_RUNNER),
    "jobs.*.container": _scope(_MATRIX),
    "jobs.*.container.credentials": _scope((*_PLAN, "secrets", "env")),
    "jobs.*.container.env.*": _scope(_SECRETS),
    "jobs.*.services": _scope(_MATRIX),
    "jobs.*.services.*.credentials": _scope((*_PLAN, "secrets", "env")),
    "jobs.*.services.*.env.*": _scope(_SECRETS),
    "jobs.*.snapshot.if": _scope(_MATRIX),
    "jobs.*.env": _scope((*_MATRIX, "secrets")),
    "jobs.*.defaults.run": _scope((*_MATRIX, "env")),
    "jobs.*.outputs.*": _scope(_SECRETS),
    "jobs.*.with.*": _scope(_MATRIX),
    "jobs.*.secrets.*": _scope((*_MATRIX, "secrets")),
    "jobs.*.steps.*.name": _STEP,
    "jobs.*.steps.*.if": _scope(_RUNNER, _ANYTIME),
    "jobs.*.steps.*.env": _STEP,
    "jobs.*.steps.*.run": _STEP,
    "jobs.*.steps.*.with": _STEP,
    "jobs.*.steps.*.working-directory": _STEP,
    "jobs.*.steps.*.timeout-minutes": _STEP,
    "jobs.*.steps.*.continue-on-error": _STEP,
}


def scope_of(place: str) -> syntax.Scope:
    """Find what may be named at a place; a place without a line of its own has its parent's."""
    while place:
        if place in PLACES:
            return PLACES[place]
        place = place.rpartition(".")[0]
    return NOWHERE
