"""Our keys, contexts, functions, events and permissions beside GitHub's own grammar, both ways."""

import json
import re

import pytest

from tests.pipelines.formats import grammar
from towpath.pipelines.formats.events import EVENTS
from towpath.pipelines.formats.places import PLACES, scope_of
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.expressions import functions
from towpath.pipelines.model.permissions import SCOPES
from towpath.pipelines.model.workflow import InvalidWorkflow

WALKED = list(grammar.places())
# What holds values: a mapping or list that may be an expression as a whole is one as well.
SCALARS = [place for place in WALKED if set(place.definition) & {"string", "boolean", "number"}]
MAPPINGS = {(place.path, place.name): place for place in WALKED if grammar.is_strict(place.name)}
_FUNCTION = re.compile(r"(\w+)\((\d+),(\d+|MAX)\)")
# The loose form of `on` is there for editors; the strict one is what counts.
LOOSE = {"on-mapping", "workflow-root"}


def allowed(context):
    """Contexts, and functions with how many arguments they take."""
    names = {word for word in context if "(" not in word}
    called = {}
    for word in context:
        if match := _FUNCTION.fullmatch(word):
            most = 255 if match[3] == "MAX" else int(match[3])
            called[match[1].lower()] = (int(match[2]), most)
    return names, called


def ours(path):
    scope = scope_of(path)
    extra = {
        name: (arity.least, arity.most)
        for name, arity in scope.functions.items()
        if name not in functions.PLAIN
    }
    return set(scope.names), extra


@pytest.mark.parametrize("path", sorted({place.path for place in SCALARS}))
def test_an_expression_may_name_exactly_what_github_lets_it_name(path):
    theirs = {place.context for place in SCALARS if place.path == path}
    assert len(theirs) == 1, theirs
    assert ours(path) == allowed(*theirs)


@pytest.mark.parametrize("path", sorted(PLACES))
def test_every_place_of_ours_is_one_of_the_grammar(path):
    below = [place for place in WALKED if f"{place.path}.".startswith(f"{path}.")]
    assert below
    assert any(allowed(place.context) == ours(path) for place in below)


def told_of_a_key_nobody_knows(place):
    """What our parser says may stand where a key stands that it does not know."""
    text = json.dumps(grammar.document(place, {**grammar.sample(place.name), "zzz": 1}))
    with pytest.raises(InvalidWorkflow) as caught:
        parse(text.encode(), "f.yml")
    found = [problem for problem in caught.value.problems if problem.key == "zzz"]
    assert found, (text, caught.value.problems)
    return set(found[0].expected)


@pytest.mark.parametrize(
    "place", MAPPINGS.values(), ids=[f"{path}:{name}" for path, name in MAPPINGS]
)
def test_a_mapping_has_exactly_the_keys_github_knows(place):
    assert told_of_a_key_nobody_knows(place) == set(grammar.properties(place.name))


def test_the_grammar_has_as_many_places_as_when_this_was_written():
    assert (len(SCALARS) > 300, len(MAPPINGS) > 50, len(grammar.DEFINITIONS)) == (True, True, 304)


def test_events_know_exactly_the_activities_github_knows():
    theirs = {
        name: frozenset(
            value
            for place in WALKED
            if re.fullmatch(rf"on\.{name}\.types(\.\*)?", place.path)
            for value in place.definition.get("allowed-values", ())
        )
        for name in grammar.properties("on-mapping-strict")
    }
    assert {name: frozenset(event.types) for name, event in EVENTS.items()} == theirs


def test_permissions_have_exactly_the_levels_github_knows():
    def levels(kind):
        found = grammar.DEFINITIONS[kind]["one-of"]
        return {grammar.DEFINITIONS[each]["string"]["constant"] for each in found}

    theirs = {
        name: levels(kind) for name, kind in grammar.properties("permissions-mapping").items()
    }
    assert {name: set(known) for name, known in SCOPES.items()} == theirs
