import pytest
from sqlalchemy import text

from towpath.app.doctor import store as looking
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import Unavailable
from towpath.kernel.secrets import keys
from towpath.kernel.secrets import service as secrets
from towpath.kernel.settings import Settings
from towpath.kernel.work import service as work

HISTORIES = histories(PARTS)
ANY = {"kind": "pets.feed", "payload": {}}


@pytest.fixture
def serving(db_url):
    """A database in use, on the real clock."""
    opened = open_database(db_url, SystemClock())
    yield opened
    opened.close()


def told(findings):
    return {each.check: each for each in findings}


def look(url, check, *more):
    with looking.opened(url) as tx:
        return told(check(tx, *more))


def test_a_sound_database_in_use_is_in_order(serving, db_url):
    found = look(db_url, looking.sound, db_url) | look(db_url, looking.schema, HISTORIES)
    found |= look(db_url, looking.clocks) | look(db_url, looking.backlog, 1)
    assert {each.level for each in found.values()} == {"ok"}
    assert found.keys() >= {"database", "schema", "work", "facts", "parked"}


def test_the_reader_cannot_write(serving, db_url):
    with pytest.raises(Unavailable, match=r"(?i)read.?only"), looking.opened(db_url) as tx:
        tx.execute(text("DELETE FROM work_item"))


@pytest.mark.postgres
def test_a_server_that_may_forget_is_a_problem(stores, tmp_path):
    url = stores.url("postgresql", tmp_path)
    found = look(f"{url}&options=-csynchronous_commit%3Doff", looking.sound, url)
    assert found["postgresql-synchronous-commit"].level == "problem"
    assert found["postgresql-fsync"].level == "ok"
    assert found["postgresql-connections"].level == "ok"
    stores.drop(url)


@pytest.mark.parametrize(("revision", "level"), [("9999", "problem"), ("0001", "warning")])
def test_an_older_schema_will_be_upgraded_and_a_newer_one_is_refused(
    serving, db_url, revision, level
):
    said = text(f"UPDATE alembic_version_kernel SET version_num = '{revision}'")
    serving.write(lambda tx: tx.execute(said))
    found = look(db_url, looking.schema, HISTORIES)["schema"]
    assert found.level == level
    assert f"kernel {revision}" in found.what


def test_work_that_is_late_or_parked_is_told(serving, db_url):
    def add(tx):
        work.add(tx, "pets.feed", {}, due=tx.now - 3_600_000_000)
        work.add(tx, "pets.walk", {}, key="rex")
        tx.execute(text("UPDATE work_item SET state = 'parked' WHERE kind = 'pets.walk'"))

    serving.write(add)
    found = look(db_url, looking.backlog, 1)
    assert (found["work"].level, found["parked"].level) == ("warning", "warning")
    assert "/work" in found["parked"].do


def test_a_clock_that_was_set_back_is_seen_from_the_rows(serving, db_url):
    def add(tx):
        work.add(tx, "pets.feed", {})
        tx.execute(text("UPDATE work_item SET created = created + 3600000000"))

    serving.write(add)
    assert "future" in look(db_url, looking.clocks)["clock-history"].what


def test_a_damaged_file_is_a_problem(stores, tmp_path):
    url = stores.url("sqlite", tmp_path)
    path = looking.sqlite_path(looking.parse(url))
    content = bytearray(path.read_bytes())
    content[20_000:40_000] = bytes(20_000)
    path.write_bytes(content)
    assert look(url, looking.sound, url)["database"].level == "problem"


def test_what_cannot_be_reached_is_said_in_words(tmp_path):
    down = f"postgresql://towpath@/x?host={tmp_path}"
    with pytest.raises(Unavailable) as refused, looking.opened(down):
        pass
    assert looking.unreachable(down, tmp_path, refused.value).level == "problem"
    missing = f"sqlite:///{tmp_path}/towpath.db"
    with pytest.raises(Unavailable) as refused, looking.opened(missing):
        pass
    assert looking.unreachable(missing, tmp_path, refused.value).level == "warning"
    assert not (tmp_path / "towpath.db").exists()


def test_the_parts_have_their_say_and_a_lost_key_is_a_problem(serving, db_url, tmp_path):
    kernel = Kernel(serving, SystemClock(), Settings(), tmp_path, "")
    secrets.prepare(kernel)
    ring = keys.load(kernel)
    serving.write(lambda tx: secrets.put(tx, ring, secrets.SITE, "password", "sesame"))
    assert look(db_url, looking.parts, tmp_path, PARTS)["secrets"].level == "ok"
    (tmp_path / keys.FILE).unlink()
    found = look(db_url, looking.parts, tmp_path, PARTS)["secrets"]
    assert found.level == "problem"
    assert "Put the file back from your backup" in found.do
