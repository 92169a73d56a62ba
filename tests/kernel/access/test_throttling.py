import pytest
from sqlalchemy import text

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access import service, throttling
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Unauthenticated, Unavailable


@pytest.fixture
def alice(kernel, password_hash):
    return kernel.db.write(lambda tx: service.create_user(tx, "alice", password_hash, Role.member))


def test_one_password_tried_on_many_logins_shuts_the_door_of_that_address(
    kernel, alice, monkeypatch
):
    monkeypatch.setattr(service, "matches", lambda _, password: password == PASSWORD)
    for number in range(100):
        with pytest.raises(Unauthenticated):
            service.log_in(kernel, f"user{number}", "wrong", f"2001:db8::{number:x}")
    with pytest.raises(Unavailable, match="from your address"):
        service.log_in(kernel, "alice", PASSWORD, "2001:db8::ffff")
    assert service.log_in(kernel, "alice", PASSWORD, "2001:db8:1::1")


def test_a_flood_of_failures_is_kept_within_bounds(kernel, monkeypatch):
    monkeypatch.setattr(throttling, "_MOST_FAILURES", 50)
    for number in range(120):
        kernel.db.write(lambda tx: throttling.count_failure(tx, f"u{number}", f"10.0.0.{number}"))  # noqa: B023
    count = kernel.db.read(lambda tx: tx.scalar(text("SELECT count(*) FROM access_failure")))
    assert 40 <= count <= 52
