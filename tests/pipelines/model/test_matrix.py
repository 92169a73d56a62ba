"""The combinations of a matrix, held against GitHub's documentation and a brute-force oracle."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model.matrix import MOST, MatrixError, combinations, named


def test_vectors_are_crossed_and_the_last_changes_fastest():
    found = combinations({"os": ["a", "b"], "version": [10, 12]})
    assert found == [
        {"os": "a", "version": 10}, {"os": "a", "version": 12},
        {"os": "b", "version": 10}, {"os": "b", "version": 12},
    ]  # fmt: skip


def test_include_adds_where_it_contradicts_nothing_and_else_stands_alone():
    """The example of GitHub's documentation, in other words."""
    found = combinations(
        {
            "fruit": ["apple", "pear"],
            "animal": ["cat", "dog"],
            "include": [
                {"color": "green"},
                {"color": "pink", "animal": "cat"},
                {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"},
            ],
        }
    )
    assert found == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_exclude_takes_out_all_that_fit_before_include_adds():
    matrix = {
        "os": ["a", "b"], "v": [1, 2], "n": [{"x": 1, "y": 2}, {"x": 3}],
        "exclude": [{"os": "A", "v": "1"}, {"n": {"x": 3}}],
        "include": [{"os": "a", "v": 1, "n": "alone"}],
    }  # fmt: skip
    assert combinations(matrix) == [
        {"os": "a", "v": 2, "n": {"x": 1, "y": 2}},
        {"os": "b", "v": 1, "n": {"x": 1, "y": 2}},
        {"os": "b", "v": 2, "n": {"x": 1, "y": 2}},
        {"os": "a", "v": 1, "n": "alone"},
    ]


def test_include_alone_is_a_matrix():
    assert combinations({"include": [{"a": 1}, {"b": 2}]}) == [{"a": 1}, {"b": 2}]


def test_all_may_be_excluded():
    assert combinations({"a": [1], "exclude": [{"a": 1}]}) == []


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ({}, "at least one"),
        ("text", "mapping"),
        ({"a": "text"}, "must be a list"),
        ({"a": []}, "no values"),
        ({"a": [1], "include": [3]}, "list of mappings"),
        ({"a": list(range(MOST + 1))}, "at most 256"),
        ({"a": list(range(99)), "b": list(range(99)), "c": list(range(99))}, "at most 256"),
        ({"include": [{"a": n} for n in range(MOST + 1)]}, "at most 256"),
    ],
)
def test_what_gives_no_combinations_is_refused_with_words(matrix, why):
    with pytest.raises(MatrixError, match=why):
        combinations(matrix)


def test_a_variant_is_named_by_its_values():
    assert named("test", {"os": "a", "v": 3.1, "f": True, "n": {"x": [1]}}) == (
        "test (a, 3.1, true, 1)"
    )
    assert named("test", {}) == "test"
    assert named("t", {"a": "x" * 200}).endswith("x...")


SMALL = st.integers(0, 2)
VECTORS = st.dictionaries(
    st.sampled_from("abc"), st.lists(SMALL, min_size=1, max_size=3, unique=True), min_size=1
)
ENTRY = st.dictionaries(st.sampled_from("abcde"), SMALL, min_size=1)


@given(VECTORS, st.lists(ENTRY, max_size=3), st.lists(ENTRY, max_size=4))
def test_every_matrix_is_what_the_words_of_the_documentation_say(vectors, exclude, include):
    base = [dict(zip(vectors, each, strict=True)) for each in product(*vectors.values())]
    base = [b for b in base if not any(all(b.get(k) == v for k, v in e.items()) for e in exclude)]
    expected, alone = [dict(b) for b in base], []
    for entry in include:
        fits = [
            n for n, b in enumerate(base) if all(b[k] == v for k, v in entry.items() if k in b)
        ]
        for n in fits:
            expected[n].update(entry)
        if not fits:
            alone.append(entry)
    matrix = {**vectors, "exclude": exclude, "include": include}
    assert combinations(matrix) == expected + alone
