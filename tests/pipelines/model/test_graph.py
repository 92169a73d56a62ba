"""Order among jobs, against brute force."""

from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model import graph

NAMES = "abcdef"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES + "z"), max_size=3), min_size=1
)


def _reaches(needs, start, goal):
    seen, waiting = set(), [need for need in needs[start] if need in needs]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(need for need in needs[name] if need in needs)
    return False


@given(GRAPHS)
def test_a_cycle_is_found_exactly_when_a_job_waits_for_itself(needs):
    found = graph.cycle(needs)
    assert (found is not None) == any(_reaches(needs, name, name) for name in needs)
    if found:
        assert all(
            following in needs[name]
            for name, following in zip(found, (*found[1:], found[0]), strict=True)
        )


@given(GRAPHS)
def test_layers_put_every_job_after_what_it_needs(needs):
    if graph.cycle(needs):
        return
    layers = graph.layers(needs)
    level = {name: number for number, layer in enumerate(layers) for name in layer}
    assert set(level) == set(needs)
    for name, wanted in needs.items():
        expected = max((level[need] + 1 for need in wanted if need in needs), default=0)
        assert level[name] == expected


def test_a_chain_of_a_thousand_is_no_trouble():
    needs = {str(n): [str(n - 1)] for n in range(1000)}
    assert graph.cycle(needs) is None
    assert len(graph.layers(needs)) == 1000
    needs["0"] = ["999"]
    assert len(graph.cycle(needs)) == 1000
