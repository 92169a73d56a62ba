"""Backups of a server that people are using, put back elsewhere and started."""

import copy
import os
import subprocess
import sys
import time

import pytest

from tests.kill import checks
from tests.kill.harness import ROOT, descendants
from tests.kill.people import World, authors
from towpath.app.backup import taking
from towpath.app.backup.archive import verify
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.db.migrate import upgrade
from towpath.kernel.errors import InvalidInput

HISTORIES = histories(PARTS)
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def towpath(*words, **options):
    code = "from towpath.app.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(
        command, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


def run(*words):
    process = towpath(*words)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said
    return said


def database(server):
    return ["--database", server.database] if server.database else []


def until(holds, seconds=60):
    assert checks.until(holds, seconds)


@pytest.fixture
def busy(new_server, new_database):
    """A server with people at work, some of whose words are acknowledged."""
    server = new_server(database=new_database()).start()
    made = World(server, server.data.parent / "clone")
    made.team = authors(made, 3, 40, "backup")
    for author in made.team:
        author.start()
    until(lambda: len(made.ledger.acknowledged) > 8)
    yield made
    for author in made.team:
        author.enough.set()
    for author in made.team:
        author.join(60)


@pytest.mark.slow
def test_a_backup_of_a_busy_server_holds_all_that_was_acknowledged_before_it_began(
    busy, new_server, empty_database, tmp_path
):
    source, file = busy.server, tmp_path / "town.tar.gz"
    tip = checks.Bare(source.data).ref("main")
    before = copy.deepcopy(busy.ledger)
    before.mains.append(tip)
    run("backup", file, "--data", source.data, *database(source))
    during = len(busy.ledger.acknowledged) - len(before.acknowledged)
    source.kill(whole=True)
    later = copy.deepcopy(busy.ledger)
    place = new_server(database=empty_database())
    place.port, place.url = source.port, source.url
    run("restore", file, "--data", place.data, *database(place))
    busy.server = place.start()
    compare(busy, before, later)
    for author in busy.team:  # whose next words the restored server takes
        author.enough.set()
    commit = busy.git.commit(busy.base, {"after": "restore\n"}, "After")
    busy.git("push", "--quiet", busy.git.remote, f"{commit}:refs/heads/after")
    assert checks.Bare(place.data).ref("after") == commit
    print(f"\n{len(before.acknowledged)} words before, {during} during the backup")


def compare(world, before, later):
    """Everything of `before` is there; what came later may be; main is what was tested."""
    world.ledger, found = before, checks.Findings()
    world.ledger.heads = later.heads
    bare = checks.Bare(world.server.data)
    main = bare.ref("main")
    checks.check_words(world, found)
    checks.check_main(world, bare, main, found)
    for branch in before.pushed:
        if bare.ref(branch) != before.heads[branch]:
            found.lost.append(f"branch {branch}")
    for branch in before.opened:
        if len(world.request_by(branch)) != 1:
            found.lost.append(f"the request of {branch}")
    for tip in before.mains:
        if not bare.contains(main, tip):
            found.lost.append(f"main without {tip}")
    assert bare.run("fsck", "--no-dangling").returncode == 0
    assert found.lines() == []


@pytest.mark.slow
def test_a_backup_killed_in_the_middle_never_looks_whole(busy, tmp_path):
    file = tmp_path / "town.tar"
    for pause in (0.4, 0.8, 1.2):
        process = towpath(
            "backup", file, "--data", busy.server.data, *database(busy.server),
            start_new_session=True,
        )  # fmt: skip
        time.sleep(pause)
        for pid in descendants(process.pid):
            os.kill(pid, 9)
        process.communicate()
        if process.returncode == 0:
            verify(file, lambda *_: None)
        else:
            assert not file.exists()
    run("backup", file, "--data", busy.server.data, *database(busy.server))
    verify(file, lambda *_: None)


def test_secrets_go_along_unless_asked_to_stay(tmp_path):
    data, url = tmp_path / "data", f"sqlite:///{tmp_path}/data/towpath.db"
    data.mkdir()
    upgrade(url, HISTORIES)
    (data / "bootstrap.json").write_text("{}")
    for secrets in (True, False):
        asked = taking.Asked(data, url, secrets=secrets)
        made = taking.take(tmp_path / "a.tar", asked, PARTS, HISTORIES, lambda *_: None)
        assert made.secrets is secrets
        assert ("data/bootstrap.json" in made.members) is secrets


def test_a_directory_without_data_or_without_a_database_is_refused_in_words(tmp_path):
    def take(data):
        asked = taking.Asked(data, f"sqlite:///{data}/towpath.db")
        taking.take(tmp_path / "a.tar", asked, PARTS, HISTORIES, lambda *_: None)

    with pytest.raises(InvalidInput, match="no data directory"):
        take(tmp_path / "missing")
    with pytest.raises(InvalidInput, match="no database"):
        take(tmp_path)
