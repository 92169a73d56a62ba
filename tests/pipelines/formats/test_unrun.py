"""The list of what is not run yet names only what there is."""

from towpath.pipelines.formats import jobs, steps, unrun, workflow
from towpath.pipelines.formats.places import PLACES


def _known():
    top = set(workflow.KEYS)
    of_job = {f"jobs.*.{key}" for key in (*jobs.WITH_STEPS, *jobs.CALLING)}
    of_step = {f"jobs.*.steps.*.{key}" for keys in steps.KINDS.values() for key in keys}
    return top | of_job | of_step | {"jobs.*.runs-on.group"}


def test_every_key_that_is_not_run_is_one_of_the_grammar():
    assert set(unrun.KEYS) <= _known()


def test_every_context_that_is_not_given_may_be_named_somewhere():
    assert set(unrun.NAMES) <= {name for scope in PLACES.values() for name in scope.names}
