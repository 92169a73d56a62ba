import io
import json
import logging

import pytest
import structlog

from towpath.kernel import log


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_machines_get_one_json_object_a_line_from_us_and_from_libraries():
    out = io.StringIO()
    log.configure(out)
    structlog.contextvars.bind_contextvars(request_id="req_1")
    structlog.get_logger("towpath.test").info("moored", boat="Sara")
    logging.getLogger("library").warning("old %s", "rope")
    structlog.contextvars.clear_contextvars()
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["boat"], ours["request_id"]) == ("moored", "Sara", "req_1")
    assert ours["logger"] == "towpath.test"
    assert (theirs["event"], theirs["level"]) == ("old rope", "warning")


def test_an_error_carries_its_traceback_without_local_variables():
    for out in (io.StringIO(), Terminal()):
        log.configure(out)
        secret = "hunter2"
        try:
            int(secret, base=len(secret) + 50)
        except ValueError as error:
            structlog.get_logger("towpath.test").error("sank", exc_info=error)
        assert "ValueError: int() base" in out.getvalue()
        assert "hunter2" not in out.getvalue()


def test_libraries_that_chatter_are_heard_only_when_it_matters():
    out = io.StringIO()
    log.configure(out)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert out.getvalue() == ""
