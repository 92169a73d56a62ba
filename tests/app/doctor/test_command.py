import json
import os
import sqlite3

import pytest
from click.testing import CliRunner

from towpath.app import cli
from towpath.app.doctor import machine
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.db.migrate import upgrade
from towpath.pipelines.service import walls


@pytest.fixture(autouse=True)
def _umask_for_this_test_alone():
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data directory in order, on a machine that is: what it really is, others test."""
    found = walls()
    monkeypatch.setattr(machine.pipelines, "walls", lambda: found)
    monkeypatch.setattr(machine, "_adjtimex", lambda: 0)
    monkeypatch.setattr(machine, "file_system", lambda _: "ext4")
    monkeypatch.setattr(machine, "_SLOW_SYNC_SECONDS", 60)
    monkeypatch.setattr(machine, "_open_files", lambda _: 65536)
    monkeypatch.setattr(machine, "isolation", lambda: [machine.ok("isolation", "walls")])
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    upgrade(f"sqlite:///{made}/towpath.db", histories(PARTS))
    return made


def doctor(data, *words):
    return CliRunner().invoke(cli.main, ["doctor", "--data", str(data), *words])


def found(data, *words):
    told = json.loads(doctor(data, "--json", *words).output)
    return {each["check"]: each["level"] for each in told["findings"]}


def test_all_is_well_is_status_zero(data):
    result = doctor(data)
    assert result.exit_code == 0, result.output
    assert "problems: 0, warnings: 0" in result.output


def test_a_warning_is_status_one_and_says_what_to_do(data):
    (data / "bootstrap.json").write_text("{}")
    result = doctor(data)
    assert result.exit_code == 1
    assert "→ Once you have logged in" in result.output


def test_a_problem_is_status_two(tmp_path, data):
    result = doctor(tmp_path / "missing")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_machines_get_every_check_of_a_whole_installation(data):
    checks = found(data)
    assert checks.keys() >= {
        "sqlite-version", "git-version", "clock", "time-zones", "isolation", "hook-socket",
        "open-files", "data", "permissions", "disk", "inodes", "file-system", "fsync",
        "bootstrap", "server", "database", "schema", "work", "facts", "parked",
    }  # fmt: skip
    assert set(checks.values()) == {"ok"}


def test_a_broken_database_does_not_stop_the_rest(data):
    (data / "towpath.db").write_bytes(b"not a database at all" * 400)
    checks = found(data)
    assert checks["database"] == "problem"
    assert checks["disk"] == "ok"


def test_a_lost_table_is_a_finding_and_not_a_traceback(data):
    with sqlite3.connect(data / "towpath.db") as database:
        database.execute("DROP TABLE work_item")
    database.close()
    checks = found(data)
    assert checks["database"] == "ok"
    assert checks["work"] == "problem"


def test_postgresql_that_is_down_is_a_finding(data):
    assert found(data, "--database", "postgresql://a@127.0.0.1:1/x")["database"] == "problem"


def test_a_url_of_another_kind_is_refused_in_words(data):
    result = doctor(data, "--database", "mysql://x/y")
    assert "neither SQLite nor PostgreSQL" in result.output
    assert "Traceback" not in result.output
