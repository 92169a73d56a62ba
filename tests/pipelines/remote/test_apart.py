"""A user id of its own for each job."""

import os
from pathlib import Path

import pytest

from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import apart
from towpath.pipelines.remote.apart import Apart, spare_user


def test_only_root_hands_out_users(monkeypatch):
    monkeypatch.setattr(apart.os, "geteuid", lambda: 1000)
    assert spare_user() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands out user ids")
def test_two_jobs_get_two_users():
    assert spare_user() != spare_user()


@pytest.mark.parametrize(
    ("fields", "user", "mapped"),
    [
        ("0 0 4294967295", 1_900_000_000, True),
        ("0 100000 65536", 1_900_000_000, False),
        ("0 100000 65536", 61_184, True),
        ("0 1000 1 1 100000 65536", 62_000, True),
        ("", 62_000, False),
    ],
)
def test_a_container_maps_some_users_only(fields, user, mapped):
    assert apart._maps(fields.split(), user) is mapped


def test_a_bubblewrap_that_ends_early_is_told_and_nothing_stays_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    half_way = Apart(62_000)
    with pytest.raises(Unavailable, match="ended early"):
        half_way.settle()
    half_way.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_map_that_may_not_be_written_is_told():
    half_way = Apart(62_000)
    os.write(half_way._tells, b'{"child-pid": 1}')
    with pytest.raises(Unavailable, match="no user of its own"):
        half_way.settle()
    half_way.close()
