"""Labels of repositories and merge requests."""

import pytest

from tests.forge.api.github import REPO


def test_labels(said, opened):
    said("POST", REPO + "/labels", 201, json={"name": "bug", "color": "d73a4a"})
    said("GET", REPO + "/labels")
    said("GET", REPO + "/labels/{name}", where={"name": "BUG"})
    said("PATCH", REPO + "/labels/{name}", where={"name": "bug"}, json={"new_name": "a bug"})
    path, here = REPO + "/issues/{issue_number}/labels", {"issue_number": 1}
    said("POST", path, where=here, json={"labels": ["a bug", "new"]})
    assert [one["name"] for one in said("GET", path, where=here)] == ["a bug", "new"]
    assert len(said("GET", REPO + "/pulls")[0]["labels"]) == 2
    said("PUT", path, where=here, json={"labels": ["new"]})
    said("DELETE", path + "/{name}", where=here | {"name": "new"})
    said("DELETE", path, 204, where=here)
    said("DELETE", REPO + "/labels/{name}", 204, where={"name": "a bug"})


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 51}, {"name": "a\u202eb"}, {"name": "a\0"},
     {"name": "x", "color": "red"}, {"name": "x", "color": "#ffffff"},
     {"name": "x", "description": "y" * 2_000}],
)  # fmt: skip
def test_a_wrong_label_is_refused(served, hosted, wrong):
    reply = served.call("POST", "/api/v3/repos/alice/boat/labels", json=wrong)
    assert reply.status_code == 422


def test_labels_differ_in_more_than_case(said, opened):
    said("POST", REPO + "/labels", 201, json={"name": "Bug"})
    said("POST", REPO + "/labels", 422, json={"name": "bUG"})
    path, here = REPO + "/issues/{issue_number}/labels", {"issue_number": 1}
    told = said("POST", path, where=here, json=["BUG", "bug"])
    assert [one["name"] for one in told] == ["Bug"]


def test_a_label_with_a_slash_is_found(said, opened):
    said("POST", REPO + "/labels", 201, json={"name": "area/gate"})
    assert said("GET", REPO + "/labels/{name}", where={"name": "area/gate"})["color"] == "ededed"
