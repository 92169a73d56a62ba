"""Addresses of actions of others: hostile ones, and what may be used."""

import pytest

from towpath.kernel.errors import Denied, InvalidInput
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model import addresses
from towpath.pipelines.model.addresses import Address

SHA = "1" * 40
WORKFLOW = """
on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - uses: ./mine
      - uses: one/tool@v1
      - uses: two/tool@%s
"""


def test_an_address_is_a_repository_a_path_in_it_and_a_ref():
    assert addresses.of("a-b/c.d/e/f g@v1.2/x") == Address("a-b", "c.d", "e/f g", "v1.2/x")
    assert str(addresses.of("a/b/c@v1")) == "a/b/c@v1"
    assert str(addresses.of(f"a/b@{SHA}")) == f"a/b@{SHA}"
    assert addresses.of(f"a/b@{SHA}").is_pinned
    assert not addresses.of(f"a/b@{SHA[:39]}").is_pinned


@pytest.mark.parametrize(
    "uses",
    [
        "./mine", "$/mine", ".", "docker://alpine", "actions/checkout@v4",
        "Actions/Setup-Python@x",
        "a/b", "a/..@v1", "a/.@v1", "a/b/../c@v1", "a/b@../x", "a/b@-x", "a/b@/x", "-a/b@v1",
        "a/b@v1\n", "a/b/$(id)@v1", "a/b@v1;id", "http://a/b@v1", "a/b@v1@v2",
    ],
)  # fmt: skip
def test_what_is_no_address_of_others_is_none(uses):
    assert addresses.of(uses) is None


def test_built_in_actions_are_known_whatever_their_ref():
    assert addresses.built_in("Actions/Setup-Python@main") == "actions/setup-python"
    assert addresses.built_in("actions/other@v1") == ""


def test_a_list_has_one_action_a_line_or_between_commas():
    text = "one/tool  # ours\n\n two/*@v1, three/tool@" + SHA
    assert addresses.allowed_by(text) == ("one/tool", "two/*@v1", f"three/tool@{SHA}")
    with pytest.raises(InvalidInput, match="`just words` names no action"):
        addresses.allowed_by("just words")


@pytest.mark.parametrize(
    ("uses", "allowed"),
    [
        (f"one/tool@{SHA}", ["one/tool"]), (f"one/tool@{SHA}", ["one/*"]),
        (f"one/tool/deep@{SHA}", [f"one/tool@{SHA}"]), ("one/tool@v1", ["one/tool@v1"]),
        ("one/tool@v1.2", ["one/tool@v1*"]), ("one/tool@v1", ["*/*@*"]),
    ],
)  # fmt: skip
def test_what_is_allowed_may_be_used(uses, allowed):
    addresses.check(addresses.of(uses), allowed)


@pytest.mark.parametrize(
    ("uses", "allowed", "says"),
    [
        (f"one/tool@{SHA}", [], "Add the line `one/tool` to .towpath/actions."),
        (f"one/tool@{SHA}", ["two/tool", "one/tool@v1"], "Add the line"),
        ("one/tool@v1", [], f"and pin it: `uses: one/tool@{'2' * 40}  # v1`"),
        ("one/tool/deep@v1", ["one/tool"], f"`uses: one/tool/deep@{'2' * 40}  # v1`"),
        ("one/tool@v2", ["one/tool@v1"], "not among the actions"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_words_to_mend_it(uses, allowed, says):
    with pytest.raises(Denied) as refused:
        addresses.check(addresses.of(uses), allowed, "2" * 40)
    assert says in str(refused.value)


def test_a_file_is_refused_by_the_lines_of_its_steps():
    workflow = parse((WORKFLOW % SHA).encode(), "ci.yml")
    found = list(addresses.refusals(workflow, ["two/tool"], lambda _: "3" * 40))
    assert [(each.line, each.key) for each in found] == [(9, "uses: one/tool@v1")]
    assert "3" * 40 in found[0].message
    assert not list(addresses.refusals(workflow, ["*/*@*"], lambda _: ""))
