"""Which text is a stranger's, and where it would end up in a script."""

import pytest

from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.untrusted import written_by_strangers

SCOPE = syntax.Scope(frozenset({"github", "env", "steps"}), functions.WITH_STATUS)


def found(source):
    return list(written_by_strangers(syntax.parse(source, SCOPE)))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("github.event.pull_request.title", "github.event.pull_request.title"),
        ("GitHub.Event['Issue'].BODY", "github.event.issue.body"),
        ("github.head_ref", "github.head_ref"),
        ("github.event.commits[0].message", "github.event.commits.*.message"),
        ("github.event.commits.*.author.name", "github.event.commits.*.author.name"),
        ("github.event.pages[steps.a].page_name", "github.event.pages.*.page_name"),
        ("github[env.which]", "github.*"),
        ("toJSON(github.event)", "github.event"),
        ("toJSON(github)", "github"),
        ("format('{0}', github.event.comment.body)", "github.event.comment.body"),
        ("github.event.comment.body || 'x'", "github.event.comment.body"),
        ("always() && github.event.comment.body", "github.event.comment.body"),
        ("case(true, github.head_ref, 'a')", "github.head_ref"),
        ("fromJSON(github.event.comment.body).a.b", "github.event.comment.body"),
        ("join(github.event.commits.*.message)", "github.event.commits.*.message"),
    ],
)
def test_what_a_stranger_writes_is_found_however_it_is_reached(source, path):
    assert found(source) == [path]


@pytest.mark.parametrize(
    "source",
    [
        "github.sha", "github.event.pull_request.number", "github.event.pull_request.head.sha",
        "github.event.pull_request.title == 'x'", "!github.head_ref", "steps.a.outputs.title",
        "contains(github.event.comment.body, '/go') && 'yes' || 'no'",
        "github.event.comment.body && 'there'", "env.TITLE", "fromJSON(env.a)[github.head_ref]",
    ],
)  # fmt: skip
def test_what_only_asks_about_it_is_no_danger(source):
    assert found(source) == []
