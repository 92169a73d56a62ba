"""Appending by offset: durable, idempotent, capped."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from towpath.kernel.errors import InvalidInput, TooLarge, Unavailable
from towpath.pipelines.clients.logs import writing
from towpath.pipelines.model.execution import LOG_CAP

RUN, JOB = "run_" + "0" * 26, "job_" + "0" * 26


@pytest.fixture
def path(tmp_path):
    return writing.log_path(tmp_path, RUN, JOB, 1)


def test_each_attempt_has_a_file_of_its_own(tmp_path):
    assert writing.log_path(tmp_path, RUN, JOB, 1).name == f"{JOB}.log"
    assert writing.log_path(tmp_path, RUN, JOB, 2).name == f"{JOB}.2.log"


@pytest.mark.parametrize("name", ["../etc", "run_x", "", "run_" + "0" * 25 + "/"])
def test_a_name_that_is_not_ours_is_refused(tmp_path, name):
    with pytest.raises(InvalidInput):
        writing.log_path(tmp_path, name, JOB, 1)


def test_the_same_bytes_again_change_nothing(path):
    assert writing.append(path, 0, b"hello ") == 6
    assert writing.append(path, 0, b"hello ") == 6
    assert writing.append(path, 3, b"lo world") == 11
    assert path.read_bytes() == b"hello world"


def test_a_gap_is_not_taken_and_the_length_tells_where_to_go_on(path):
    writing.append(path, 0, b"abc")
    assert writing.append(path, 9, b"xyz") == 3
    assert path.read_bytes() == b"abc"


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=300), st.data())
def test_any_sequence_of_resent_pieces_makes_the_same_log(tmp_path_factory, whole, data):
    path = tmp_path_factory.mktemp("logs") / "logs" / RUN / "a.log"
    length = 0
    while length < len(whole):
        start = data.draw(st.integers(0, length))
        stop = data.draw(st.integers(start, len(whole)))
        length = writing.append(path, start, whole[start:stop])
        if not length:
            length = writing.append(path, 0, whole[:1])
    assert not whole or path.read_bytes() == whole


def test_bytes_are_synced_before_they_are_acknowledged(path, monkeypatch):
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(
        os, "fdatasync", lambda fd: (synced.append(os.fstat(fd).st_size), real(fd))
    )
    writing.append(path, 0, b"abc")
    assert synced == [3]
    writing.append(path, 0, b"abc")
    assert synced == [3, 3]


def test_beyond_the_cap_nothing_is_taken(path):
    with pytest.raises(TooLarge):
        writing.append(path, LOG_CAP + writing.SLACK, b"x")


def test_a_link_in_place_of_a_log_is_not_followed(path, tmp_path):
    bait = tmp_path / "bait"
    bait.write_text("safe")
    path.parent.mkdir(parents=True)
    path.symlink_to(bait)
    with pytest.raises(Unavailable):
        writing.append(path, 0, b"x")
    assert bait.read_text() == "safe"


def test_logs_are_for_nobody_else_to_read(path):
    writing.append(path, 0, b"x")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_run_can_be_forgotten(tmp_path, path):
    writing.append(path, 0, b"x")
    writing.forget(tmp_path, RUN)
    writing.forget(tmp_path, "../..")
    assert not path.exists()
    assert tmp_path.exists()
