import json

import pytest

from towpath.app import secrets as command
from towpath.forge import service as forge
from towpath.kernel.secrets import service as secrets
from towpath.kernel.secrets.service import SITE


@pytest.fixture(autouse=True)
def _first_key(kernel):
    secrets.prepare(kernel)


@pytest.fixture
def value(kernel):
    def read(name, owner=SITE):
        ring = secrets.load(kernel)
        return kernel.db.read(lambda tx: secrets.get(tx, ring, owner, name)).reveal()

    return read


def test_a_value_comes_from_standard_input_and_is_never_shown(towpath, value):
    assert towpath("secrets", "set", "hook", typed="hunter2\n") == (0, "hook is set.\n")
    assert value("hook") == "hunter2"
    listed = towpath("secrets", "list", "--json")[1]
    assert json.loads(listed)[0]["name"] == "hook"
    assert "hunter2" not in listed + towpath("secrets", "list")[1]


def test_a_value_comes_from_a_file_whole_but_for_the_last_line_end(towpath, value, tmp_path):
    file = tmp_path / "value"
    for written in (b"BEGIN\r\nkey\n\n", b"BEGIN\r\nkey\n\r\n"):
        file.write_bytes(written)
        assert towpath("secrets", "set", "deploy", "--file", str(file))[0] == 0
        assert value("deploy") == "BEGIN\r\nkey\n"


def test_no_option_and_no_argument_takes_a_value(towpath):
    code, told = towpath("secrets", "set", "hook", "hunter2", typed="other")
    assert (code, "unexpected extra argument" in told) == (2, True)


def test_at_a_terminal_it_is_asked_for_and_not_echoed(towpath, value, monkeypatch):
    monkeypatch.setattr(command, "_at_terminal", lambda _: True)
    code, told = towpath("secrets", "set", "hook", typed="hunter2\nhunter2\n")
    assert (code, value("hook")) == (0, "hunter2")
    assert "hunter2" not in told


def test_a_value_that_is_no_text_is_refused_with_what_to_do(towpath, tmp_path):
    file = tmp_path / "value"
    file.write_bytes(b"\xff\xfe\x00")
    assert "with base64" in towpath("secrets", "set", "hook", "--file", str(file))[1]
    assert "1 to 65536" in towpath("secrets", "set", "hook", typed="")[1]
    assert "1 to 65536" in towpath("secrets", "set", "hook", typed="x" * 65_537)[1]


def test_a_secret_is_removed_once(towpath):
    towpath("secrets", "set", "hook", typed="hunter2")
    assert towpath("secrets", "remove", "hook") == (0, "hook is removed.\n")
    assert "has no secret hook" in towpath("secrets", "remove", "hook")[1]
    assert towpath("secrets", "list") == (0, "No secret yet.\n")


def test_a_repository_and_an_owner_have_their_own(towpath, value, kernel):
    boat = forge.create_repository(kernel, "alice", "boat")
    assert towpath("secrets", "set", "key", "--on", "alice/boat", typed="mine")[0] == 0
    assert towpath("secrets", "set", "key", "--on", "alice", typed="ours")[0] == 0
    assert (value("KEY", f"repository:{boat.id}"), value("KEY", "owner:alice")) == ("mine", "ours")
    assert "alice/boat " in towpath("secrets", "list", "--on", "alice/boat")[1]
    everywhere = json.loads(towpath("secrets", "list", "--json")[1])
    assert [each["of"] for each in everywhere] == ["owner:alice", "alice/boat"]
    assert towpath("secrets", "remove", "KEY", "--on", "alice/boat")[0] == 0
    assert towpath("secrets", "list", "--on", "alice/boat") == (0, "No secret yet.\n")
    assert "owns no repository" in towpath("secrets", "list", "--on", "alcie")[1]


def test_keys_are_rotated_and_the_old_one_dropped_when_nothing_needs_it(towpath):
    towpath("secrets", "set", "hook", typed="hunter2")
    (old,) = json.loads(towpath("secrets", "keys", "--json")[1])
    made = json.loads(towpath("secrets", "rotate", "--json")[1])["key"]
    assert f"{made:<40} encrypts" in towpath("secrets", "keys")[1]
    assert "still need the key" in towpath("secrets", "drop-key", old["id"])[1]
    towpath("secrets", "remove", "hook")
    assert "free to drop" in towpath("secrets", "keys")[1]
    assert towpath("secrets", "drop-key", old["id"]) == (0, f"{old['id']} is dropped.\n")
