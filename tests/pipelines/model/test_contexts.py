"""What expressions see."""

from towpath.pipelines.model import contexts

ORIGIN = contexts.Origin(
    repository="alice/boat", sha="1" * 40, ref="refs/heads/topic", event="pull_request",
    payload={"source": "topic", "target": "main", "number": 3}, actor="alice",
)  # fmt: skip


def test_the_github_context_uses_githubs_names():
    github = contexts.github(ORIGIN, workflow="ci", run="run_1", job="test", attempt=2)
    assert github["repository_owner"] == "alice"
    assert (github["head_ref"], github["base_ref"], github["ref_name"]) == (
        "topic",
        "main",
        "topic",
    )
    assert github["event"]["number"] == 3
    assert (github["job"], github["run_attempt"]) == ("test", "2")


def test_variables_are_the_texts_of_the_context():
    variables = contexts.variables(contexts.github(ORIGIN, workflow="ci", run="run_1", job="t"))
    assert variables["GITHUB_SHA"] == "1" * 40
    assert variables["GITHUB_JOB"] == "t"
    assert "GITHUB_EVENT" not in variables


def test_needs_hold_results_and_outputs():
    assert contexts.needs([("a", "success", {"v": "1"})]) == {
        "a": {"result": "success", "outputs": {"v": "1"}}
    }


def test_a_tag_is_told_from_a_branch_and_a_token_is_no_variable():
    tagged = contexts.Origin(
        repository="a/b", sha="1" * 40, ref="refs/tags/v1", event="push", server_url="http://t"
    )
    github = contexts.github(tagged, workflow="ci", run="r")
    assert (github["ref_name"], github["ref_type"]) == ("v1", "tag")
    variables = contexts.variables({**github, "token": "secret"})
    assert variables["GITHUB_API_URL"] == "http://t/api/v3"
    assert "GITHUB_TOKEN" not in variables
