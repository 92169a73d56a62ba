import errno
import os

import pytest

from towpath.kernel import health
from towpath.kernel.http import status
from towpath.kernel.work import service as work


def test_alive_and_ready(web):
    assert web.get("/healthz").text == "ok\n"
    assert web.get("/readyz").text == "ok\n"


def test_a_stopping_server_is_not_ready_but_alive(web):
    web.app.state.stopping.set()
    assert web.get("/readyz").status_code == 503
    assert web.get("/healthz").status_code == 200


def test_without_room_on_the_disk_it_is_not_ready(web, monkeypatch):
    monkeypatch.setattr(status, "free_bytes", lambda _: health.LEAST_FREE_BYTES - 1)
    told = web.get("/readyz")
    assert told.status_code == 503
    assert "disk is almost full" in told.json()["detail"]


def test_a_database_that_takes_no_writes_is_not_ready(web, kernel, monkeypatch):
    def fails(_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(type(kernel.db), "write", lambda *_: fails(None))
    told = web.get("/readyz")
    assert told.status_code == 503
    assert "does not take writes" in told.json()["detail"]
    assert web.get("/healthz").status_code == 200


def test_however_many_ask_it_writes_once_a_second(web, kernel):
    web.get("/readyz")
    seen = kernel.db.meter._writes._value.get()
    assert {web.get("/readyz").status_code for _ in range(20)} == {200}
    assert kernel.db.meter._writes._value.get() - seen < 20


def test_metrics_tell_what_waits_and_how_late_it_is(web, kernel, clock):
    kernel.db.write(lambda tx: work.add(tx, "mend", {}))
    clock.advance(5)
    told = web.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'towpath_work_items{kind="mend",state="waiting"} 1.0' in told.text
    assert 'towpath_work_items{kind="mend",state="parked"} 0.0' in told.text
    assert 'towpath_work_overdue_seconds{kind="mend"} 5.0' in told.text


def test_metrics_tell_the_lag_of_the_outbox_apart(web, kernel, clock):
    kernel.db.write(lambda tx: work.add(tx, "fact:gate.refs_moved", {}))
    clock.advance(2)
    told = web.get("/metrics").text
    assert 'towpath_outbox_overdue_seconds{consumer="gate.refs_moved"} 2.0' in told
    assert 'towpath_outbox_deliveries{consumer="gate.refs_moved",state="waiting"} 1.0' in told


@pytest.mark.parametrize(
    "name",
    [
        "towpath_http_requests_total",
        "towpath_http_seconds_bucket",
        "towpath_db_writes_waiting",
        "towpath_db_wait_seconds_count",
        "towpath_db_commit_seconds_sum",
        "towpath_db_repeats_total",
        "towpath_disk_free_bytes",
        "towpath_info",
        "towpath_processes",
    ],
)
def test_metrics_tell_of_requests_the_database_the_disk_and_processes(web, name):
    web.get("/readyz")
    assert any(line.startswith(name) for line in web.get("/metrics").text.splitlines())
