"""The last backup: written down by the command, told by /health, /metrics and the doctor."""

import math

import pytest
from click.testing import CliRunner

from towpath.app import cli
from towpath.app.backup import archive, remembering
from towpath.app.backup.remembering import Last
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.clock import SECOND
from towpath.kernel.db.migrate import upgrade

AT = 1_700_000_000 * SECOND
LAST = Last(at=AT, file="/backups/a.tar", size=4_000_000, verified=True)
DAY = 24 * 3600 * SECOND


def figures(data, now):
    return {one.name: one.values[0][1] for one in remembering.measures(data, now)}


def test_without_one_it_says_so_and_is_older_than_any_rule_allows(tmp_path):
    said = remembering.check(tmp_path, AT)
    assert (said.state, said.words) == ("neutral", "None was taken of this directory yet")
    assert "towpath backup" in said.next_step
    assert figures(tmp_path, AT) == {
        "towpath_backup_age_seconds": math.inf, "towpath_backup_verified": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verified", "age", "state", "words"),
    [
        (True, 3600 * SECOND, "good", "taken 1 h 0 min ago, 4.0 MB, verified"),
        (False, 3600 * SECOND, "good", "4.0 MB, not verified"),
        (True, 2 * DAY, "waiting", "verified"),
    ],
)
def test_it_says_when_it_was_and_whether_it_was_read_back(tmp_path, verified, age, state, words):
    kept = Last(at=AT, file="/a.tar", size=4_000_000, verified=verified)
    remembering.remember(tmp_path, kept)
    said = remembering.check(tmp_path, AT + age)
    assert (said.state, words in said.words) == (state, True), said.words
    assert figures(tmp_path, AT + age)["towpath_backup_age_seconds"] == age / SECOND
    assert figures(tmp_path, AT + age)["towpath_backup_verified"] == verified


def test_only_the_last_is_known_and_only_to_us(tmp_path):
    for size in (1, 2):
        remembering.remember(tmp_path, Last(at=AT, file="a", size=size, verified=False))
    assert remembering.last(tmp_path).size == 2
    assert (tmp_path / remembering.NAME).stat().st_mode & 0o077 == 0


def test_one_that_cannot_be_read_is_none(tmp_path):
    (tmp_path / remembering.NAME).write_text("{")
    assert remembering.last(tmp_path) is None


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    upgrade(f"sqlite:///{tmp_path}/data/towpath.db", histories(PARTS))
    return tmp_path / "data"


def back_up(data, file, *more):
    said = CliRunner().invoke(cli.main, ["backup", str(file), "--data", str(data), *more])
    assert said.exit_code == 0, said.output
    return said.output


def test_the_command_writes_down_what_it_took_and_whether_it_read_it_back(data, tmp_path):
    file = tmp_path / "a.tar"
    back_up(data, file)
    assert not remembering.last(data).verified
    back_up(data, file, "--verify")
    known = remembering.last(data)
    assert (known.verified, known.file, known.size) == (True, str(file), file.stat().st_size)
    assert remembering.NAME not in str(archive.verify(file, lambda *_: None).members)


def test_a_backup_that_does_not_verify_is_not_the_last_one(data, tmp_path, monkeypatch):
    from towpath.app.backup import command
    from towpath.kernel.errors import InvalidInput

    def fail(*_):
        raise InvalidInput("not a whole backup")

    monkeypatch.setattr(command.archive, "verify", fail)
    words = ["backup", str(tmp_path / "a.tar"), "--data", str(data), "--verify"]
    said = CliRunner().invoke(cli.main, words)
    assert said.exit_code == 1
    assert remembering.last(data) is None


def test_the_doctor_tells_it(data, tmp_path):
    back_up(data, tmp_path / "a.tar", "--verify")
    said = CliRunner().invoke(cli.main, ["doctor", "--data", str(data)])
    assert "The last was taken" in said.output
