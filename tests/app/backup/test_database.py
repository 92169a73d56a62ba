import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from towpath.app.backup import database
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.errors import Unavailable

HISTORIES = histories(PARTS)
COUNT = text("SELECT count(*) FROM work_schedule")
ADD = text("INSERT INTO work_schedule VALUES (:name, '', '', 0, '', '')")


def silent(_, __):
    pass


def test_the_copy_and_its_reader_see_one_moment_however_much_is_written(db, db_url, tmp_path):
    db.write(lambda tx: tx.execute(ADD, {"name": "before"}))
    with database.copied(db_url, HISTORIES, tmp_path / "copy", silent) as (copied, tx):
        db.write(lambda tx: tx.execute(ADD, {"name": "later"}))
        assert tx.scalar(COUNT) == 1
        assert copied.store == db.dialect
        assert copied.revisions == {each.name: each.revision for each in HISTORIES}
        assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600 & ~_umask()


def _umask():
    before = os.umask(0)
    os.umask(before)
    return before


def test_a_large_file_is_copied_whole_and_told_of_on_the_way(tmp_path):
    source, told = tmp_path / "towpath.db", []
    with closing(sqlite3.connect(source)) as made:
        made.execute("CREATE TABLE big (text TEXT)")
        made.executemany("INSERT INTO big VALUES (?)", [("x" * 100_000,)] * 100)
        made.commit()
    into = tmp_path / "copy"
    with database.copied(f"sqlite:///{source}", [], into, lambda _, count: told.append(count)) as (
        _,
        tx,
    ):
        assert tx.scalar(text("SELECT sum(length(text)) FROM big")) == 10_000_000
    assert len(told) > 2


def test_a_damaged_database_makes_no_backup(tmp_path):
    source = tmp_path / "towpath.db"
    with closing(sqlite3.connect(source)) as made:
        made.execute("CREATE TABLE big (text TEXT)")
        made.executemany("INSERT INTO big VALUES (?)", [("x" * 1000,)] * 1000)
        made.commit()
    content = bytearray(source.read_bytes())
    content[40_000:60_000] = os.urandom(20_000)
    source.write_bytes(content)
    with (
        pytest.raises(Unavailable, match="cannot be copied"),
        database.copied(f"sqlite:///{source}", [], tmp_path / "copy", silent),
    ):
        pass


def test_a_server_that_is_down_is_said_in_one_sentence(tmp_path):
    url = f"postgresql://towpath@/x?host={tmp_path}"
    with (
        pytest.raises(Unavailable, match="cannot be copied"),
        database.copied(url, HISTORIES, tmp_path / "copy", silent),
    ):
        pass
    with pytest.raises(Unavailable, match="cannot be reached"):
        database.require_empty(url)


def test_a_tool_that_is_not_there_is_named_with_where_to_get_it(monkeypatch):
    monkeypatch.setattr(database, "_PLACES", ())
    monkeypatch.setattr(database.shutil, "which", lambda _: None)
    with pytest.raises(Unavailable) as refused:
        database.tool("pg_dump")
    assert "postgresql-client" in refused.value.next_step


def test_the_password_is_no_argument_of_a_program(monkeypatch, tmp_path):
    spy = tmp_path / "pg_dump"
    spy.write_text('#!/bin/sh\necho "$PGPASSWORD $*" >&2\nexit 1\n')
    spy.chmod(0o700)
    monkeypatch.setattr(database, "tool", lambda _: str(spy))
    url = make_url("postgresql://alice:open-sesame@localhost/boats")
    with pytest.raises(Unavailable) as failed:
        database.run_tool("pg_dump", url)
    assert failed.value.detail.count("open-sesame") == 1
    assert "alice@localhost/boats" in failed.value.detail


def test_the_newest_of_several_tools_is_taken(monkeypatch, tmp_path):
    for version in ("9.6", "15", "17"):
        folder = Path(tmp_path, version, "bin")
        folder.mkdir(parents=True)
        (folder / "pg_dump").touch()
    monkeypatch.setattr(database, "_PLACES", (f"{tmp_path}/*/bin",))
    assert database.tool("pg_dump") == f"{tmp_path}/17/bin/pg_dump"
