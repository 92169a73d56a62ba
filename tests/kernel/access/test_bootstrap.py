import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from towpath.kernel.access import service
from towpath.kernel.access.bootstrap import bootstrap
from towpath.kernel.access.service import Role

VOICES = {"towpath-gate": "The gate"}


def said(kernel):
    return json.loads((kernel.data / "bootstrap.json").read_bytes())


def test_the_first_start_makes_an_administrator_and_says_how_to_come_in(kernel):
    made = bootstrap(kernel, VOICES)
    assert said(kernel) == {
        "url": "http://towpath.test",
        "user": "admin",
        "password": made.password,
        "token": made.token,
    }
    principal = kernel.db.read(lambda tx: service.authenticate_token(tx, made.token))
    assert (principal.login, principal.role) == ("admin", Role.admin)
    assert service.log_in(kernel, "admin", made.password).principal == principal


def test_nobody_else_can_read_the_file(kernel):
    bootstrap(kernel, VOICES)
    assert stat.S_IMODE((kernel.data / "bootstrap.json").stat().st_mode) == 0o600


def test_later_starts_change_nothing_but_our_address(kernel):
    made = bootstrap(kernel, VOICES)
    moved = replace(kernel, url="http://towpath.test:81")
    assert bootstrap(moved, VOICES) is None
    assert said(kernel)["url"] == "http://towpath.test:81"
    assert said(kernel)["token"] == made.token


def test_a_start_after_the_owner_deleted_the_file_does_not_bring_it_back(kernel):
    bootstrap(kernel, VOICES)
    (kernel.data / "bootstrap.json").unlink()
    assert bootstrap(kernel, VOICES) is None
    assert not (kernel.data / "bootstrap.json").exists()


def test_a_crash_after_the_file_leaves_a_start_that_makes_a_new_one(kernel):
    (kernel.data / "bootstrap.json").write_text("{}")
    made = bootstrap(kernel, VOICES)
    assert said(kernel)["password"] == made.password


def test_the_name_of_the_file_is_on_disk_before_the_administrator_is(kernel, monkeypatch):
    synced = []
    real = os.fsync

    def note(descriptor):
        real(descriptor)
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink(), admin_is_there()))

    def admin_is_there():
        return kernel.db.read(service.has_admin)

    monkeypatch.setattr(os, "fsync", note)
    bootstrap(kernel, VOICES)
    assert (kernel.data, False) in synced


def test_the_voices_of_the_parts_are_there(kernel):
    bootstrap(kernel, VOICES)
    voice = kernel.db.read(lambda tx: service.user(tx, "towpath-gate"))
    assert (voice.name, voice.system) == ("The gate", True)


def test_of_servers_that_start_together_one_makes_the_administrator_whom_the_file_names(kernel):
    with ThreadPoolExecutor(4) as servers:
        all_made = list(servers.map(lambda _: bootstrap(kernel, VOICES), range(4)))
    (made,) = [each for each in all_made if each]
    assert said(kernel)["token"] == made.token
