from sqlalchemy import text

from towpath.kernel import builtin, outbox
from towpath.kernel.work import service as work
from towpath.kernel.work.worker import Worker

DAY = 86_400


def test_each_night_what_is_too_old_is_forgotten_and_the_rest_is_kept(kernel, clock):
    handlers = builtin.PLUGIN.handlers(kernel)
    kernel.db.write(lambda tx: work.sync_schedules(tx, builtin.PLUGIN.schedules))
    worker = Worker(kernel.db, handlers)
    reply = text(
        "INSERT INTO http_reply (caller, key, request, status, body, created)"
        " VALUES ('user_1', :key, 'x', 201, '{}', :created)"
    )
    kernel.db.write(lambda tx: tx.execute(reply, {"key": "old", "created": tx.now}))
    clock.advance(kernel.settings.retention_days * DAY)
    kernel.db.write(lambda tx: tx.execute(reply, {"key": "new", "created": tx.now}))
    worker.run_until_idle()
    clock.advance(DAY)
    worker.run_until_idle()
    kept = kernel.db.read(lambda tx: tx.rows(text("SELECT key FROM http_reply")))
    assert [row["key"] for row in kept] == ["new"]
    assert kernel.db.read(work.parked) == []


def test_the_kernel_reacts_to_no_facts(kernel):
    assert outbox.handlers(builtin.PLUGIN.reactions(kernel)) == []
