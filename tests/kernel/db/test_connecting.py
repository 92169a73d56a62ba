"""A peer that vanishes or falls silent is given up, by the limits that we ask for."""

import psycopg
import pytest
from sqlalchemy import make_url, text

from towpath.kernel.clock import SystemClock
from towpath.kernel.db import connecting
from towpath.kernel.db.opening import open_database

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(stores, tmp_path):
    made = stores.url("postgresql", tmp_path)
    yield make_url(made)
    stores.drop(made)


def test_the_session_has_our_limits_and_those_of_the_url(url):
    mine = url.update_query_dict({"options": "-c work_mem=5MB"})
    options = connecting.parameters(mine, "-c enable_seqscan=off")["options"]
    conninfo = url.render_as_string(hide_password=False)
    with psycopg.connect(conninfo, options=options) as session:
        said = {
            name: session.execute(f"SHOW {name}").fetchone()[0]
            for name in ("idle_in_transaction_session_timeout", "enable_seqscan", "work_mem")
        }
    assert said == {
        "idle_in_transaction_session_timeout": "30s", "enable_seqscan": "off", "work_mem": "5MB",
    }  # fmt: skip


def test_what_the_url_says_itself_stays(url):
    mine = url.update_query_dict({"connect_timeout": "60"})
    assert "connect_timeout" not in connecting.parameters(mine)
    assert connecting.parameters(url)["connect_timeout"] == 5


def test_a_transaction_that_fell_silent_holds_nobody_up_and_is_run_again(url, monkeypatch):
    limits = {**connecting._IT_BELIEVES, "idle_in_transaction_session_timeout": "100ms"}
    monkeypatch.setattr(connecting, "_IT_BELIEVES", limits)
    db = open_database(url.render_as_string(hide_password=False), SystemClock())
    seen = []

    def slow(tx):
        seen.append(tx.scalar(text("SELECT pg_backend_pid()")))
        if len(seen) == 1:
            with psycopg.connect(url.render_as_string(hide_password=False)) as watch:
                while watch.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (seen[0],)
                ).fetchone():
                    watch.rollback()
        return tx.scalar(text("SELECT 42"))

    assert db.write(slow) == 42
    assert len(set(seen)) == 2
    db.close()
