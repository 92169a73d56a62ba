"""The table of built-in actions."""

import pytest

from towpath.pipelines.model import furnished
from towpath.pipelines.model.action import filled, missing


@pytest.mark.parametrize(
    ("uses", "program"),
    [
        ("actions/upload-artifact@v4", "upload"),
        ("Actions/Download-Artifact@main", "download"),
        ("actions/cache@0123456789", "cache"),
        ("actions/cache/restore@v4", "restore"),
        ("actions/cache/save@v4", "save"),
    ],
)
def test_actions_are_known_by_name_whatever_version_is_asked_for(uses, program):
    assert furnished.action(uses).main == program


@pytest.mark.parametrize(
    "uses", ["actions/cache", "actions/cache/other@v4", "other/cache@v4", "./actions/cache@v4", ""]
)
def test_no_other_action_is_built_in(uses):
    assert furnished.action(uses) is None


def test_inputs_have_the_defaults_of_githubs_actions():
    upload = furnished.ACTIONS["actions/upload-artifact"]
    assert filled(upload, {"path": "out"})["name"] == "artifact"
    assert missing(upload, {}) == ["path"]
    assert missing(furnished.ACTIONS["actions/cache"], {"key": "k"}) == ["path"]
    assert furnished.ACTIONS["actions/cache"].post_condition == "success()"
