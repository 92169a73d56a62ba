"""Addresses of places in a repository, and text that hides nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.forge.model.places import Place, address, find_place, path_of, visible
from towpath.kernel.errors import InvalidInput, NotFound

SHA = "a" * 40
BRANCHES = {"main", "feature", "feature/x", SHA[:39]}


@pytest.mark.parametrize(
    ("text", "rev", "path"),
    [
        ("main", "main", ""),
        ("main/", "main", ""),
        ("main/src/a b.py", "main", "src/a b.py"),
        ("feature/x/y", "feature/x", "y"),
        ("feature/y", "feature", "y"),
        (f"{SHA}/src", SHA, "src"),
    ],
)
def test_the_longest_branch_is_taken_then_a_full_commit(text, rev, path):
    assert find_place(text, BRANCHES) == Place(rev, path)


@pytest.mark.parametrize("text", ["", "trunk/a", SHA.upper(), SHA + "a", "HEAD"])
def test_what_is_no_branch_is_told(text):
    with pytest.raises(NotFound, match="no branch"):
        find_place(text, BRANCHES)


@pytest.mark.parametrize("text", ["main/../x", "main/a//b", "main/./x", "main/a\0b"])
def test_a_way_out_is_refused(text):
    with pytest.raises(InvalidInput, match="not a path"):
        find_place(text, BRANCHES)


def test_nothing_is_no_path():
    with pytest.raises(InvalidInput):
        path_of("")


def test_a_place_knows_what_is_above_it():
    place = Place("main", "a/b/c.py")
    assert [one.path for one in place.above] == ["", "a", "a/b"]
    assert [one.path for one in Place("main", "a").above] == [""]
    assert place.name == "c.py"
    assert place.address == "main/a/b/c.py"


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAMES.filter(lambda name: name not in {".", ".."}), max_size=4))
def test_an_address_leads_back_to_its_place(parts):
    from urllib.parse import unquote

    place = Place("feature/x", "/".join(parts))
    assert find_place(unquote(place.address), BRANCHES) == place


def test_bytes_that_are_not_utf8_travel_in_addresses():
    name = b"caf\xe9?#%".decode("utf-8", "surrogateescape")
    assert address("main", name) == "main/caf%E9%3F%23%25"


def test_only_a_full_name_is_a_commit():
    assert Place(SHA, "").is_commit
    assert not Place("main", "").is_commit
    assert not Place("g" * 40, "").is_commit


def test_hidden_characters_are_spelled_out():
    assert visible("a\u202eb\x1b[31m\tc\u200b é") == "a⟨U+202E⟩b⟨U+001B⟩[31m\tc⟨U+200B⟩ é"
