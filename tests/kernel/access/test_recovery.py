import pytest

from towpath.kernel.access import recovery
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit


@pytest.fixture
def enter(web, form_token):
    def go(key):
        page = web.get("/login/recover", params={"key": key})
        form = {"key": key, "csrf": form_token(page)}
        return web.post("/login/recover", data=form, follow_redirects=False)

    return go


@pytest.fixture
def offer(kernel, people):
    people("root", Role.admin)
    people("ann")
    return lambda login="root": recovery.offer(kernel.data, login, kernel.clock.now())


def test_a_key_lets_an_administrator_in_once(web, enter, offer, kernel):
    key = offer()
    assert key not in (kernel.data / "recover.json").read_text()
    assert enter(key).status_code == 303
    assert "root" in web.get("/settings/tokens").text
    web.cookies.clear()
    again = enter(key)
    assert again.status_code == 401
    assert "towpath recover" in again.text
    wanted = audit.Search(what="session.recover")
    (entry,) = kernel.db.read(lambda tx: audit.search(tx, wanted))
    assert entry.subject == "user:root"


def test_a_wrong_an_old_and_no_key_are_refused(enter, offer, clock):
    assert enter("door_x").status_code == 401
    key = offer()
    assert enter("door_x").status_code == 401
    clock.advance(601)
    assert enter(key).status_code == 401


def test_a_file_that_others_could_write_is_not_believed(enter, offer, kernel):
    key = offer()
    (kernel.data / "recover.json").chmod(0o666)
    assert enter(key).status_code == 401


def test_only_administrators_come_in_that_way(enter, offer):
    assert enter(offer("ann")).status_code == 403
