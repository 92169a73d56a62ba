"""What may be named where."""

from towpath.pipelines.formats.places import NOWHERE, PLACES, scope_of


def test_a_key_below_another_may_name_what_that_one_may():
    assert scope_of("jobs.*.strategy.matrix.include") is PLACES["jobs.*.strategy"]
    assert scope_of("jobs.*.environment.url") is PLACES["jobs.*.environment.url"]


def test_where_nothing_may_be_named_nothing_is():
    assert scope_of("name") is NOWHERE
    assert scope_of("jobs.*.steps.*.uses") is NOWHERE


def test_secrets_are_nowhere_that_ends_up_in_a_name_or_a_condition():
    open_places = ("run-name", "concurrency", "jobs.*.name", "jobs.*.if", "jobs.*.environment.url")
    assert not any("secrets" in scope_of(place).names for place in open_places)
