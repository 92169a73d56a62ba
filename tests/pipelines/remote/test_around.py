"""What passes between the parts of the engine."""

import threading

import pytest

from towpath.pipelines.remote.around import Ended, Surround


def test_a_step_that_ended_says_nothing_more_than_it_must():
    ended = Ended("failure", "success")
    assert (ended.why, ended.outputs, ended.annotations, ended.summary) == ("", {}, (), "")


def test_whoever_runs_steps_needs_to_give_no_variables():
    around = Surround(None, None, print, print, threading.Event())
    assert around.environment == {}
    with pytest.raises(AttributeError):
        around.environment = {"A": "b"}
