"""What comes back, and what is refused before a single byte is written."""

import stat

import msgspec
import pytest

from tests.kill.harness import GIT_ENV, Git
from towpath.app.backup import archive, restoring, taking
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.forge import service as forge
from towpath.kernel.access import service as access
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.migrate import upgrade
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import InvalidInput, Unavailable
from towpath.kernel.settings import Settings

HISTORIES = histories(PARTS)


def silent(_, __):
    pass


@pytest.fixture
def source(stores, store, tmp_path):
    """A data directory with a user, a repository with one commit, and a log; and its URL."""
    data = tmp_path / "source"
    data.mkdir(mode=0o700)
    url = (
        stores.url("postgresql", data) if store == "postgresql" else f"sqlite:///{data}/towpath.db"
    )
    upgrade(url, HISTORIES)
    db = open_database(url, SystemClock())
    kernel = Kernel(db, SystemClock(), Settings(), data, "http://towpath.test")
    db.write(lambda tx: access.create_user(tx, "alice", None, access.Role.member))
    made = forge.create_repository(kernel, "alice", "boats")
    bare = Git(data / "repositories" / f"{made.id}.git")
    bare.env = {**GIT_ENV}
    head = bare("commit-tree", "-m", "Begin", bare("mktree", input=""))
    bare("update-ref", "refs/heads/main", head)
    forge.sync_refs(kernel, made.id)
    (data / "logs" / "run_1").mkdir(parents=True)
    (data / "logs" / "run_1" / "job.log").write_text("one line\n")
    yield kernel, url, head
    db.close()
    stores.drop(url)


def take(source, file):
    kernel, url, _ = source
    return taking.take(file, taking.Asked(kernel.data, url), PARTS, HISTORIES, silent)


@pytest.fixture
def backup(source, tmp_path):
    take(source, tmp_path / "a.tar")
    return tmp_path / "a.tar"


def test_rows_refs_and_logs_come_back_while_the_source_is_open(
    source, backup, empty_database, store, tmp_path
):
    data, url = tmp_path / "data", empty_database()
    restoring.restore(backup, data, url, HISTORIES, silent)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert (data / "logs/run_1/job.log").read_text() == "one line\n"
    url = url or f"sqlite:///{data}/towpath.db"
    upgrade(url, HISTORIES)
    db = open_database(url, SystemClock())
    kernel = Kernel(db, SystemClock(), Settings(), data, "http://towpath.test")
    found = db.read(lambda tx: forge.find_repository(tx, "alice", "boats"))
    assert forge.refs(kernel, found.id) == {"refs/heads/main": source[2]}
    assert not forge.sync_refs(kernel, found.id).changes
    assert db.read(lambda tx: access.user(tx, "alice")).login == "alice"
    db.close()
    assert {each.name for each in tmp_path.iterdir()} == {"source", "a.tar", "data"}


def test_a_ref_that_moved_without_the_rows_is_where_the_rows_saw_it(
    source, empty_database, tmp_path
):
    kernel, _, head = source
    (folder,) = (kernel.data / "repositories").glob("*.git")
    bare = Git(folder)
    bare.env = {**GIT_ENV}
    bare("update-ref", "refs/heads/main", bare("commit-tree", "-m", "Later", f"{head}^{{tree}}"))
    take(source, tmp_path / "a.tar")
    restoring.restore(tmp_path / "a.tar", tmp_path / "data", empty_database(), HISTORIES, silent)
    (copy,) = (tmp_path / "data/repositories").glob("*.git")
    assert Git(copy)("rev-parse", "main") == head


def restored(backup, data, url=None):
    before = set(data.parent.iterdir())
    with pytest.raises(InvalidInput) as refused:
        restoring.restore(backup, data, url, HISTORIES, silent)
    assert set(data.parent.iterdir()) == before
    return str(refused.value)


def test_what_is_there_is_never_written_over(source, backup, tmp_path):
    kernel, url, _ = source
    assert "is not empty" in restored(backup, kernel.data)
    (tmp_path / "file").write_text("mine")
    assert "is not empty" in restored(backup, tmp_path / "file")
    if url.startswith("postgresql"):
        assert "createdb" in restored(backup, tmp_path / "data", url)


def test_the_wrong_kind_of_database_is_named(source, backup, stores, tmp_path):
    if source[1].startswith("sqlite"):
        assert "Leave --database out" in restored(backup, tmp_path / "data", "postgresql://x/y")
    else:
        assert "add --database" in restored(backup, tmp_path / "data")


def test_a_byte_that_is_not_as_written_stops_it_before_anything_is_there(backup, tmp_path):
    content = bytearray(backup.read_bytes())
    at = content.index(b"one line")
    content[at] ^= 1
    backup.write_bytes(content)
    assert "not a whole backup" in restored(backup, tmp_path / "data")


def test_a_newer_schema_is_refused_with_the_release_it_needs(source, tmp_path, monkeypatch):
    seal = archive.Writer.seal

    def newer(self, **about):
        about |= {"towpath": "9.9", "revisions": {**about["revisions"], "gate": "9999"}}
        return seal(self, **about)

    monkeypatch.setattr(archive.Writer, "seal", newer)
    take(source, tmp_path / "a.tar")
    said = restored(tmp_path / "a.tar", tmp_path / "data")
    assert "gate 9999" in said
    assert "Towpath 9.9 or newer" in said


def test_a_part_that_this_release_does_not_have_is_a_newer_schema_too(source, tmp_path):
    manifest = take(source, tmp_path / "a.tar")
    without = msgspec.structs.replace(manifest, revisions={"rollouts": "0001"})
    with pytest.raises(InvalidInput, match="rollouts 0001"):
        restoring._require_known(without, HISTORIES)


def test_too_little_room_is_said_before_it_is_used_up(source, backup, tmp_path, monkeypatch):
    url = source[1]
    if url.startswith("postgresql"):
        monkeypatch.setattr(restoring.database, "require_empty", lambda _: None)
    else:
        url = None
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda _: Free())
    with pytest.raises(Unavailable, match="0 MB are free"):
        restoring.restore(backup, tmp_path / "data", url, HISTORIES, silent)
    assert not (tmp_path / "data").exists()


class Free:
    free = 0
