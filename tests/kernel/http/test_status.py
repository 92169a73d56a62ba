from towpath.kernel.work import service as work


def test_alive_and_ready(web):
    assert web.get("/healthz").text == "ok\n"
    assert web.get("/readyz").text == "ok\n"


def test_a_stopping_server_is_not_ready_but_alive(web):
    web.app.state.stopping.set()
    assert web.get("/readyz").status_code == 503
    assert web.get("/healthz").status_code == 200


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
