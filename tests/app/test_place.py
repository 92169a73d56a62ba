import os
import socket
import stat

import pytest

from towpath.app import place
from towpath.kernel.errors import InvalidInput, Unavailable


def test_the_data_directory_is_made_for_us_alone(tmp_path):
    data = tmp_path / "a" / "b"
    with place.prepare(data, shared=False):
        assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_second_server_is_refused_and_told_who_is_there(tmp_path):
    with (
        place.prepare(tmp_path, shared=False),
        pytest.raises(Unavailable, match=rf"process {os.getpid()}"),
        place.prepare(tmp_path, shared=False),
    ):
        pass
    with place.prepare(tmp_path, shared=False):
        pass  # the lock ends with its holder


def test_a_web_process_may_stand_beside_the_main_one(tmp_path):
    with place.prepare(tmp_path, shared=False), place.prepare(tmp_path, shared=True):
        pass


def test_a_directory_that_cannot_be_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    for data in (file, file / "data"):
        with (
            pytest.raises(InvalidInput, match="cannot be written"),
            place.prepare(data, shared=False),
        ):
            pass


def test_a_taken_port_is_named_and_nobody_is_cut_off(tmp_path):
    with place.listen("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"127.0.0.1:{port}: Address already in use"):
            place.listen("127.0.0.1", port)


def test_a_port_is_taken_before_anybody_is_let_in(tmp_path):
    with place.listen("127.0.0.1", 0) as taken, socket.socket() as caller:
        assert caller.connect_ex(taken.getsockname()) != 0
        taken.listen()
        assert caller.connect_ex(taken.getsockname()) == 0


def test_replies_are_not_held_back_by_the_network_stack():
    with place.listen("127.0.0.1", 0) as taken:
        assert taken.proto == socket.IPPROTO_TCP  # what asyncio looks at before it sets NODELAY


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(Unavailable, match=r"Cannot listen on 192\.0\.2\.1"):
        place.listen("192.0.2.1", 0)
    with pytest.raises(InvalidInput, match="no address"):
        place.listen("not an address", 0)


def test_the_network_notices_a_client_that_is_gone_without_a_word(tmp_path):
    with place.listen("127.0.0.1", 0) as taken, socket.socket() as caller:
        taken.listen()
        caller.connect(taken.getsockname())
        accepted, _ = taken.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A temporary directory of this machine, where doors are."""
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    monkeypatch.setattr(place.tempfile, "tempdir", str(folder))
    return folder


def test_each_process_has_a_door_of_its_own_which_goes_with_it(machine):
    with place.open_door() as (one, at), place.open_door() as (_, other):
        one.listen()
        assert at != other
        assert at.is_socket()
        assert stat.S_IMODE(at.parent.stat().st_mode) == 0o700
    assert list(machine.iterdir()) == []


def test_doors_that_a_kill_left_are_cleared_and_those_in_use_are_not(machine):
    dead = machine / "towpath-door-dead"
    dead.mkdir()
    (dead / "hook.sock").touch()
    with place.open_door() as (_, first):
        assert not dead.exists()
        with place.open_door():
            assert first.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_addresses_that_only_this_machine_reaches(host):
    assert place.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "towpath.example", ""])
def test_addresses_that_others_may_reach(host):
    assert not place.is_loopback(host)
