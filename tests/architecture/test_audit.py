"""Every address that changes something leaves a trace in the audit log, or a reason is given."""

import pytest

from scripts import reference
from tests.architecture.driven import CHANGING, DRIVEN, EXCEPTIONS
from tests.architecture.town import founded
from tests.forge.conftest import ENVIRONMENT, running
from towpath.app.parts import PARTS
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search


def changing_routes(kernel):
    routers = [router for part in PARTS for router in part.routes(kernel)]
    found = {row[:2] for router in routers for row in reference.endpoints(router.routes)}
    return {row for row in found if row[0] in CHANGING}


@pytest.fixture
def town(kernel, tmp_path):
    with founded(kernel, tmp_path) as there:
        yield there


def test_every_changing_address_is_driven_or_excused(kernel):
    assert changing_routes(kernel) == DRIVEN.keys() | EXCEPTIONS.keys()
    assert not DRIVEN.keys() & EXCEPTIONS.keys()


def test_each_leaves_an_entry_with_who_and_from_where(town):
    assert faults_of(town, DRIVEN) == {}


def faults_of(town, driven):
    faults = {}
    for route, drive in driven.items():
        before = _newest(town)
        reply = drive(town)
        made = [e for e in _entries(town) if e.id > before and e.address == "testclient"]
        if reply.status_code >= 400:
            faults[route] = f"{reply.status_code}: {reply.text[:300]}"
        elif not any(entry.who and entry.request for entry in made):
            faults[route] = "no entry in the audit log"
    return faults


def _entries(town):
    return town.db.read(lambda tx: audit.search(tx, Search(), limit=100))


def _newest(town):
    return max((entry.id for entry in _entries(town)), default=0)


def test_a_route_that_forgets_is_found(town, monkeypatch):
    monkeypatch.setattr(audit, "record", lambda *_, **__: None)
    some = dict(list(DRIVEN.items())[:10])
    assert set(faults_of(town, some).values()) == {"no entry in the audit log"}


def test_a_push_is_told_with_who_pushed(town):
    with running(town.hosted.kernel) as served:
        town.hosted.copy.commit("more")
        remote = served.remote(user="alice")
        town.hosted.copy.git("push", "--quiet", remote, "HEAD:refs/heads/pushed", **ENVIRONMENT)
    (entry,) = town.db.read(
        lambda tx: audit.search(tx, Search(what="repository.refs", who="alice"))
    )
    assert entry.after["refs"][0].startswith("refs/heads/pushed ")
    assert entry.agent.startswith("git/")
    assert (entry.address, entry.proof) == ("127.0.0.1", "token")
