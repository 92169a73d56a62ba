import pytest

from towpath.kernel.clock import ManualClock, SystemClock
from towpath.kernel.db.opening import open_database, parse, sqlite_path
from towpath.kernel.db.postgres import PostgresDatabase
from towpath.kernel.errors import InvalidInput


def test_a_sqlite_url_opens_the_file_it_names(tmp_path):
    db = open_database(f"sqlite:///{tmp_path / 'a b.db'}", ManualClock())
    assert db.dialect == "sqlite"
    assert (tmp_path / "a b.db").exists()
    db.close()


def test_a_relative_path_is_taken_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sqlite_path(parse("sqlite:///towpath.db")) == tmp_path / "towpath.db"


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()])
def test_a_postgresql_url_connects_only_when_used(clock, tmp_path):
    db = open_database(f"postgresql://user:secret@/name?host={tmp_path}", clock)
    assert isinstance(db, PostgresDatabase)
    db.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/name", "sqlite://", "postgresql+asyncpg://host/name"]
)
def test_any_other_url_is_refused_with_what_to_write(url):
    with pytest.raises(InvalidInput, match="Use sqlite:///path/of/file or postgresql://"):
        open_database(url, ManualClock())
