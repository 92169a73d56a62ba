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


def test_the_hook_socket_replaces_one_that_a_crash_left(tmp_path):
    place.listen_for_hooks(tmp_path).close()
    with place.listen_for_hooks(tmp_path) as taken:
        assert taken.getsockname() == str(tmp_path / "hook.sock")


def test_a_process_that_answers_hooks_is_not_robbed_of_its_socket(tmp_path):
    with place.listen_for_hooks(tmp_path) as first:
        first.listen()
        assert place.listen_for_hooks(tmp_path) is None


def test_a_path_too_long_for_a_socket_is_refused_with_the_length_that_fits(tmp_path):
    with pytest.raises(InvalidInput, match=r"too long for a socket.*at most 90"):
        place.listen_for_hooks(tmp_path / ("x" * 100))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_addresses_that_only_this_machine_reaches(host):
    assert place.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "towpath.example", ""])
def test_addresses_that_others_may_reach(host):
    assert not place.is_loopback(host)
