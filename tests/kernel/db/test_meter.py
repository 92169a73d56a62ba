import pytest
from prometheus_client import CollectorRegistry, generate_latest


@pytest.fixture
def told(db):
    registry = CollectorRegistry()
    registry.register(db.meter)
    return lambda: dict(
        line.rsplit(" ", 1)
        for line in generate_latest(registry).decode().splitlines()
        if not line.startswith("#")
    )


def test_writes_commits_and_waits_are_counted(db, told):
    before = told()
    for _ in range(3):
        db.write(lambda tx: None)
    after = told()
    for name in ("writes_total", "wait_seconds_count", "commit_seconds_count"):
        assert float(after[f"towpath_db_{name}"]) >= float(before[f"towpath_db_{name}"]) + 1
    assert float(after["towpath_db_writes_total"]) == float(before["towpath_db_writes_total"]) + 3
    assert after["towpath_db_writes_waiting"] == "0.0"


def test_a_transaction_run_again_is_told(db, told):
    db.meter.repeated()
    assert told()["towpath_db_repeats_total"] == "1.0"
